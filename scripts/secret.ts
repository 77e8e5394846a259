import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'

/** The secret in the file, made at the first call, readable by its owner alone. */
export async function localSecret(path: string): Promise<string> {
  const flag = 'wx' // never over an older one
  await writeFile(path, randomBytes(24).toString('base64url'), { flag, mode: 0o600 }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw cause
    },
  )
  return readFile(path, 'utf8')
}
