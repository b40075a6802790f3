import { runExample } from "./programs.ts";
import { program } from "./training/program.ts";

await program(() => runExample(process.argv.slice(2)));
