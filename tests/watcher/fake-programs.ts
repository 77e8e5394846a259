import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the fake `git show` prints. */
export const STACK = ['services:', '  api:', '    image: $API_IMAGE', ''].join('\n')

export type FakePrograms = {
  /** A PATH on which `git` and `docker` are ours. */
  path: string
  folder: string
  /** Every call so far, oldest first: program and words, as they arrived. */
  calls(): string[][]
  /** What each `docker` call found: its images, then its standard input. */
  deployed(): { api: string; frontend: string; input: string }[]
  /** Makes a program do these lines of shell at its end; an empty text makes it well again. */
  behave(program: 'git' | 'docker', lines: string): void
}

// Builtins only: a test may start hundreds of these, also with nothing else on PATH. Words are
// written one a line after their number: none of them may hold a line break.
const program = (name: string, folder: string, own: string) => `#!/bin/sh
here='${folder}'
{ echo "$# ${name}"; for word; do printf '%s\\n' "$word"; done; } >> "$here/calls"
${own}
[ -f "$here/${name}.behaviour" ] && . "$here/${name}.behaviour"
exit 0
`

const DOCKER = `n=0; while [ -e "$here/input.$n" ]; do n=$((n + 1)); done
while IFS= read -r line; do printf '%s\\n' "$line"; done > "$here/input.$n"
printf '%s %s\\n' "$API_IMAGE" "$FRONTEND_IMAGE" >> "$here/images"
echo 'Updating service dockerswarmp1_api'`

/** Writes fake `git` and `docker` programs that note what they were asked. */
export function fakePrograms(folder: string): FakePrograms {
  mkdirSync(folder, { recursive: true })
  install('docker', DOCKER)
  install('git', `[ "$1" = show ] && printf '%s' '${STACK}'`)
  // Runs only if some text that we hand on is taken for a command.
  writeFileSync(join(folder, 'canary'), `#!/bin/sh\necho sang > '${folder}/sang'\n`)
  chmodSync(join(folder, 'canary'), 0o755)

  function install(name: string, own: string) {
    writeFileSync(join(folder, name), program(name, folder, own))
    chmodSync(join(folder, name), 0o755)
  }
  function lines(name: string): string[] {
    const path = join(folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  }
  return {
    path: `${folder}:/usr/local/bin:/usr/bin:/bin`,
    folder,
    calls() {
      const found: string[][] = []
      for (const rest = lines('calls'); rest.length > 0; ) {
        const [count, name] = (rest.shift() ?? '').split(' ')
        found.push([name ?? '', ...rest.splice(0, Number(count))])
      }
      return found
    },
    deployed: () =>
      lines('images').map((line, i) => {
        const [api = '', frontend = ''] = line.split(' ')
        return { api, frontend, input: readFileSync(join(folder, `input.${i}`), 'utf8') }
      }),
    behave: (name, text) => writeFileSync(join(folder, `${name}.behaviour`), `${text}\n`),
  }
}
