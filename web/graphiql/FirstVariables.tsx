import { useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";

/** Shows the open tab's variables at the start: GraphiQL 5 does so only when tabs are changed. */
export function FirstVariables() {
  const editor = useGraphiQL((state) => state.variableEditor);
  const variables = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.variables);
  useEffect(() => {
    if (variables && editor?.getValue() === "") editor.setValue(variables);
    // Once, when the editor appears: what a person empties later stays empty.
  }, [editor]);
  return null;
}
