import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

/** The runtimes that we bundle for, one file each: `dist/<runtime>.js`. */
export const RUNTIMES = ['node', 'bun', 'deno', 'workerd'] as const
export type Runtime = (typeof RUNTIMES)[number]

export const root = fileURLToPath(new URL('..', import.meta.url))

/** How a runtime's adapter, or another entry in its place, becomes one file without packages. */
export function bundleOptions(
  runtime: Runtime,
  entry = `functions/_adapters/${runtime}.ts`,
): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: `dist/${runtime}.js`,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    platform: 'node',
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...(runtime === 'workerd' && {
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['workerd', 'worker', 'import'],
      external: ['node:*', 'cloudflare:*'],
    }),
  }
}

if (import.meta.main) {
  const wanted = process.argv.slice(2)
  const runtimes = RUNTIMES.filter((runtime) => wanted.length === 0 || wanted.includes(runtime))
  for (const runtime of runtimes) await build(bundleOptions(runtime))
  console.log(`Built ${runtimes.map((runtime) => `dist/${runtime}.js`).join(' ')}`)
}
