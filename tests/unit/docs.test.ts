import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SECRET_NAMES, VARIABLE_NAMES } from '../../functions/_lib/config.ts'
import { root } from '../../scripts/build.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n')
const documents = tracked.filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
const recipes = [...read('justfile').matchAll(/^([a-z][a-z-]*)(?: [*+A-Z].*)?:$/gm)].map(
  ([, name]) => name,
)

/** Where a variable of the documents has to turn up. */
const sources = tracked
  .filter((path) =>
    /^(functions|swarm|scripts|tests)\/.*\.(ts|yaml)$|^justfile$|^\.ci\/run$/.test(path),
  )
  .filter((path) => existsSync(join(root, path)) && !path.endsWith('docs.test.ts'))
  .map(read)
  .join('\n')

describe.each(documents)('%s', (document) => {
  const text = read(document)
  const code = [...text.matchAll(/```bash\n(.*?)```|`([^`\n]+)`/gs)].map(
    ([, block, span]) => block ?? span ?? '',
  )

  it('names only commands that exist', () => {
    const unknown = code.flatMap((piece) => [
      ...[...piece.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].filter(
        ([, name]) => !scripts.includes(name ?? ''),
      ),
      ...[...piece.matchAll(/\bjust ([a-z][a-z-]*)/g)].filter(
        ([, name]) => !recipes.includes(name),
      ),
      ...[...piece.matchAll(/\bnpx ([\w-]+)/g)].filter(
        ([, name]) => !existsSync(join(root, 'node_modules/.bin', name ?? '')),
      ),
    ])

    expect(unknown.map(([command]) => command)).toEqual([])
  })

  it('names only paths that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) =>
      join(dirname(document), path ?? ''),
    )
    const places = code
      .flatMap(
        (piece) =>
          piece.match(
            /(?<![\w./<-])(?:functions|public|swarm|scripts|tests|docs|\.ci)\/[\w./-]*/g,
          ) ?? [],
      )
      .map((path) => path.replace(/[.,]$/, ''))

    expect([...links, ...places].filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('names only variables that something reads', () => {
    const names = code.flatMap((piece) => piece.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? [])
    const known = (name: string) =>
      name === 'NAME_FILE' ||
      SECRET_NAMES.includes(name.replace(/_FILE$/, '')) ||
      new RegExp(`\\b${name}\\b`).test(sources)

    expect(names.filter((name) => !known(name))).toEqual([])
  })

  it('names no path of one machine', () => {
    expect(text).not.toMatch(/(?<![\w.])\/(?:home|root|work|Users)\//)
  })
})

describe('the documents together', () => {
  it('explain every variable of the functions and of the watcher', () => {
    const text = read('docs/configuration.md')
    const watcher = [...read('swarm/watcher/config.ts').matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(
      ([name]) => name,
    )

    const missing = [...VARIABLE_NAMES, ...watcher].filter((name) => !text.includes(`\`${name}\``))

    expect(missing).toEqual([])
    expect(VARIABLE_NAMES.length).toBeGreaterThan(15)
  })

  it('show in the README what npm start prints, line by line', () => {
    const labels = (text: string) =>
      [...text.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, label]) => label)
    const [, shown = ''] = read('README.md').match(/```\n(watcher {3}watching.*?)```/s) ?? []

    expect(labels(shown)).toEqual(labels(read('scripts/dev.ts').split('console.log(`')[1] ?? ''))
    expect(labels(shown).length).toBeGreaterThan(5)
  })

  it('mention the first commands, and the README has them on its first screen', () => {
    expect(documents).toContain('README.md')
    expect(read('README.md').split('\n').slice(0, 12).join('\n')).toMatch(/npm ci\nnpm start/)
    expect(read('.ci/run')).toContain(
      read('README.md').match(/## Prove it\n\n```bash\n(.*)\n```/)?.[1],
    )
  })
})
