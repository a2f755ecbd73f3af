// Compressed copies beside each built file (`name.br`, `name.gz`), so that the host never compresses anything.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const KINDS = /\.(js|css|html|svg|json|ttf)$/;
const SMALLEST = 512;
const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

async function compressed(path: string): Promise<void> {
  const body = await readFile(path);
  if (body.length < SMALLEST) return;
  const parameters = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
  };
  const [br, gz] = await Promise.all([brotli(body, { params: parameters }), zip(body, { level: 9 })]);
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
}

/** Compresses everything in the output folder once it is written. */
export function compress(): Plugin {
  let folder = "";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((one) => one.isFile() && KINDS.test(one.name));
      await Promise.all(files.map((one) => compressed(join(one.parentPath, one.name))));
    },
  };
}
