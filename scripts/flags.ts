import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>

/** What was asked for on the command line; `--help` and what makes no sense end the process. */
export function readFlags<T extends Options>(help: string, options: T) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } })
    if (!(values as { help?: boolean }).help) return values
    console.log(help)
    return process.exit(0)
  } catch (cause) {
    return refuse((cause as Error).message.split('. ')[0] ?? '')
  }
}

/** Ends the process over a command line that makes no sense. */
export function refuse(why: string): never {
  // npm keeps the flags before a -- to itself and passes on what is left of them.
  console.error(`${why} (see --help; npm wants a -- before the flags: npm start -- --port 8788)`)
  return process.exit(1)
}
