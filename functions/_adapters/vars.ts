import { readFileSync } from 'node:fs'
import { SECRET_NAMES, type Values } from '../_lib/config.ts'

/**
 * The variables with every secret that was given as NAME_FILE read from its file. A line break at
 * the file's end is an editor's, not the secret's.
 * @returns the variables, and one problem for each file that could not serve
 */
export function readVars(variables: Values): { values: Values; problems: string[] } {
  const values = { ...variables }
  const problems: string[] = []
  for (const name of SECRET_NAMES) {
    const path = variables[`${name}_FILE`]
    if (!path) continue
    if (variables[name]) problems.push(`${name}: wanted it or ${name}_FILE, got both`)
    try {
      values[name] = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
      if (values[name] === '') problems.push(`${name}_FILE: wanted a secret, got an empty file`)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      problems.push(`${name}_FILE: wanted a readable file, got ${JSON.stringify(path)} (${code})`)
    }
  }
  return { values, problems }
}
