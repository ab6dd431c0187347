// Bundles with esbuild: build.mjs live FILE | build.mjs tests FOLDER
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const [, , what, target] = process.argv;
const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname.replace(/\/$/, "");

// protobuf-es can read and write JSON, a sixth of all; gRPC-web as we speak it is binary.
const withoutJson = {
  name: "without-json",
  setup({ onResolve }) {
    onResolve({ filter: /\/(from|to)-json\.js$/ }, () => ({ path: `${here}/no_json.mjs`, sideEffects: false }));
  },
};

const NOTICE = "// Live pages of Pharos (Apache-2.0), with protobuf-es (Apache-2.0 and BSD-3-Clause), Connect (Apache-2.0)" +
  " and Idiomorph (0BSD); their notices: services/edge/live/NOTICE.md";
const common = { bundle: true, absWorkingDir: here, tsconfig: "tsconfig.json", target: "es2022", format: "esm", logLevel: "warning" };
if (what === "live") {
  await build({
    ...common,
    entryPoints: ["src/live.ts"],
    outfile: target,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    banner: { js: NOTICE },
    plugins: [withoutJson],
  });
} else {
  const entryPoints = readdirSync(`${here}/tests`).map((file) => `tests/${file}`);
  await build({ ...common, entryPoints, outdir: target, platform: "node", outExtension: { ".js": ".mjs" } });
}
