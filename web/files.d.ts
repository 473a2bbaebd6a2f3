// What esbuild's loaders (build.mjs) make of files that are not TypeScript.
declare module "*.graphql" {
  const document: string;
  export default document;
}
declare module "*.css";
