import "./workers";
import "graphiql/style.css";
import "./graphiql.css";

import { GraphiQL } from "graphiql";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { EXAMPLES, NEW_TAB } from "./examples";
import { fetcher } from "./fetcher";
import { FirstVariables } from "./FirstVariables";

createRoot(document.getElementById("graphiql")!).render(
  <StrictMode>
    <GraphiQL fetcher={fetcher} defaultQuery={NEW_TAB} defaultTabs={EXAMPLES} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <a href="./" className="back">
          Continuum
        </a>
        <FirstVariables />
      </GraphiQL.Logo>
    </GraphiQL>
  </StrictMode>,
);
