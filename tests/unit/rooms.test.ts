import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../scripts/build.ts'

/** What each room may import: other rooms, packages, and whether `node:*`. The first match counts. */
const ROOMS = [
  { room: 'functions/_lib/', rooms: ['functions/_lib/'], packages: ['zod'] },
  {
    room: 'functions/_adapters/',
    rooms: ['functions/_adapters/', 'functions/_lib/', 'functions/index.ts'],
    packages: ['postgres', '@neondatabase/serverless', '@hono/node-server', 'cloudflare:workers'],
    node: true,
  },
  { room: 'functions/', rooms: ['functions/_lib/', 'functions/'], packages: ['hono', 'zod'] },
  {
    room: 'swarm/watcher/',
    rooms: ['swarm/watcher/', 'functions/_lib/job.ts'],
    packages: [], // on a server there is the checkout and Bun, nothing else
    node: true,
  },
  { room: 'scripts/', rooms: ['scripts/', 'functions/'], packages: 'any', node: true },
  {
    room: 'tests/',
    rooms: ['tests/', 'scripts/', 'swarm/', 'functions/'],
    packages: 'any',
    node: true,
  },
  { room: 'public/', rooms: ['public/'], packages: [] },
  { room: '', rooms: [], packages: 'any', node: true },
] as const

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.js'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)))

describe('the rooms', () => {
  it.each(files)('%s imports only what its room may', (file) => {
    const { rooms, packages, ...room } = ROOMS.find(({ room }) => file.startsWith(room)) ?? ROOMS[7]

    const foreign = importsOf(file).filter((specifier) => {
      if (specifier.startsWith('node:')) return !('node' in room)
      if (!specifier.startsWith('.')) return packages !== 'any' && !isOneOf(packages, specifier)
      const target = normalize(join(dirname(file), specifier))
      return !rooms.some((allowed) => target.startsWith(allowed)) || !existsSync(join(root, target))
    })

    expect(foreign).toEqual([])
  })

  it('reads real import statements, of every kind', () => {
    const source = `import a from 'a'
      import type { B } from "b"
      import {
        c,
      } from 'c'
      export * from 'd'
      const e = await import('e')
      import 'f'`

    expect(specifiersIn(source)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('has no file whose name says nothing', () => {
    const nameless = files.filter((file) =>
      /(^|\/)(utils?|helpers?|common|types|misc)\.[jt]s$/.test(file),
    )

    expect(nameless).toEqual([])
    expect(files.length).toBeGreaterThan(30)
  })
})

function importsOf(file: string): string[] {
  return specifiersIn(readFileSync(join(root, file), 'utf8'))
}

function specifiersIn(source: string): string[] {
  const statement =
    /^\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
  return [...source.matchAll(statement)].map(([, from, dynamic]) => from ?? dynamic ?? '')
}

function isOneOf(packages: readonly string[], specifier: string): boolean {
  return packages.some((name) => specifier === name || specifier.startsWith(`${name}/`))
}
