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
  for (const runtime of RUNTIMES) await build(bundleOptions(runtime))
  console.log(`Built ${RUNTIMES.map((runtime) => `dist/${runtime}.js`).join(' ')}`)
}
