/** Writes what happened to standard error; of a cause with a code, the code and the message suffice. */
export function log(message: string, cause?: unknown): void {
  console.error(cause === undefined ? message : `${message}: ${describe(cause)}`)
}

function describe(cause: unknown): string {
  // Neon's driver rejects with events, which have a message but are no errors.
  const { code, message, stack } = cause as Partial<NodeJS.ErrnoException>
  if (code) return `${code} ${message}`
  return stack ?? message ?? String(cause)
}
