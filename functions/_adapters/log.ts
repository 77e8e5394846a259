/** Writes what happened to standard error; of a cause with a code, the code and the message suffice. */
export function log(message: string, cause?: unknown): void {
  console.error(cause === undefined ? message : `${message}: ${describe(cause)}`)
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { code } = cause as NodeJS.ErrnoException
  return code ? `${code} ${cause.message}` : (cause.stack ?? cause.message)
}
