import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatJob } from '../../functions/_lib/job.ts'
import { aJob, put, shown, statesOf } from './job-files.ts'
import { reportsIn } from './reports.ts'
import { until } from './until.ts'
import { aHouse, type House, startWatcher, watchHere } from './watching.ts'

type Strange = { name?: string; make: (path: string, house: House) => void; reason: RegExp }

const write = (text: string | Uint8Array) => (path: string) => writeFileSync(path, text)
const job = (fields: object) => write(formatJob({ ...aJob(1), ...fields }))
const DIGEST = `sha256:${'a'.repeat(64)}`
const CALL = '$(canary)`canary`;canary|canary&canary'

const CONTENTS: Record<string, Strange> = {
  'malformed JSON': { make: write('{"id": '), reason: /wanted JSON/ },
  'JSON that is no object': { make: write('[]'), reason: /wanted an object/ },
  'an empty file': { make: write(''), reason: /wanted JSON/ },
  'a huge file': { make: write('x'.repeat(5_000_000)), reason: /at most 16384 bytes/ },
  'bytes that are no text': { make: write(Uint8Array.of(0xff, 0, 0xfe)), reason: /wanted JSON/ },
  'a job with another id': { make: job({ id: aJob(2).id }), reason: /wanted id .*, got / },
  'a job of a ref with shell characters': {
    make: job({ ref: `refs/heads/${CALL}` }),
    reason: /wanted ref like/,
  },
  'a job of a commit that is an option': {
    make: job({ commit: '--upload-pack=canary' }),
    reason: /wanted commit like/,
  },
  'a job with an image outside the repository': {
    make: job({ images: { api: `ghcr.io/evil/house/api@${DIGEST}` } }),
    reason: /^Wanted api image ghcr.io\/octo\/house\/api, got ghcr.io\/evil/,
  },
  'a job of another branch': {
    make: job({ ref: 'refs/heads/dev' }),
    reason: /^Wanted branch main, got refs\/heads\/dev$/,
  },
}

const KINDS: Record<string, Strange> = {
  'a link to a real job elsewhere': {
    make: (path, { checkout }) => {
      writeFileSync(join(checkout, 'real'), formatJob(aJob(1)))
      symlinkSync(join(checkout, 'real'), path)
    },
    reason: /ELOOP|symbolic link/i,
  },
  'a dangling link': {
    make: (path) => symlinkSync('/nowhere', path),
    reason: /ELOOP|symbolic link/i,
  },
  'an empty folder': { make: (path) => mkdirSync(path), reason: /wanted a regular file/ },
  'a folder with something in it': {
    make: (path) => mkdirSync(join(path, 'inner.json'), { recursive: true }),
    reason: /wanted a regular file/,
  },
  'a FIFO that nobody writes to': {
    make: (path) => execFileSync('mkfifo', [path]),
    reason: /wanted a regular file/,
  },
}

const NAMES: Record<string, Strange> = Object.fromEntries(
  [
    'two words.json',
    `it's "quoted".json`,
    'line\nbreak.json',
    'ünï-日本-🐳.json',
    `${CALL}.json`,
    '--help.json',
    `${'x'.repeat(250)}.json`,
    `${'日'.repeat(83)}x.json`,
    'rejected-0.json',
    '__proto__.json',
  ].map((name): [string, Strange] => [
    `the name ${JSON.stringify(name)}`,
    { name, make: job({}), reason: /wanted id .*, got /s },
  ]),
)

const STRANGE = Object.entries({ ...CONTENTS, ...KINDS, ...NAMES })
// A job that is refused is whole and keeps its own file; a dangling link has a test of its own.
const TWICE = Object.entries({ ...CONTENTS, ...KINDS }).filter(
  ([what, { reason }]) => !reason.source.startsWith('^') && what !== 'a dangling link',
)
const nameOf = ({ name = `${aJob(1).id}.json` }: Strange) => name

describe('watch files in failed, with the reason, and then deploys the next job:', () => {
  test.each(STRANGE)('%s', async (_, strange) => {
    const house = await aHouse()
    strange.make(join(house.folder, 'new', nameOf(strange)), house)

    watchHere(house)
    const [report] = await until('it is filed', () => {
      const found = reportsIn(house.folder)
      return found.length > 0 && !shown(house.folder, 'new').length && found
    })
    put(house.folder, 'new', aJob(5))
    await until('job 5 is done', () => statesOf(house.folder, aJob(5)).includes('done'))

    expect(report?.outcome).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(strange.reason),
    })
    expect(report?.file ?? nameOf(strange)).toBe(nameOf(strange))
    expect(house.programs.deployed()).toHaveLength(1)
    expect(canarySang(house)).toBe(false)
  })
})

describe('watch', () => {
  test('files all of them at once under Bun, whole, and deploys the job among them', async () => {
    const house = await aHouse()
    for (const [i, [, strange]] of STRANGE.entries()) {
      const name = strange.name ?? `${aJob(20 + i).id}.json`
      strange.make(join(house.folder, 'new', name), house)
    }
    put(house.folder, 'new', aJob(5))

    const watcher = startWatcher(house)
    await until('job 5 is done', () => statesOf(house.folder, aJob(5)).includes('done'))
    watcher.kill('SIGTERM')
    await watcher.ended

    expect(shown(house.folder, 'new')).toEqual([])
    expect(reportsIn(house.folder)).toHaveLength(STRANGE.length)
    expect(house.programs.deployed()).toHaveLength(1)
    expect(canarySang(house)).toBe(false)
  })

  test.each(TWICE)('keeps both when the same name comes twice: %s', async (_, strange) => {
    const house = await aHouse()
    const path = join(house.folder, 'new', nameOf(strange))
    strange.make(path, house)
    await watchHere(house, { once: true }).ended

    writeFileSync(path, 'second')
    await watchHere(house, { once: true }).ended

    const kept = readdirSync(join(house.folder, 'failed')).filter((name) => /rejected$/.test(name))
    expect(kept.sort()).toEqual([`${aJob(1).id}-2.rejected`, `${aJob(1).id}.rejected`])
    expect(readFileSync(join(house.folder, 'failed', kept[0] ?? ''), 'utf8')).toBe('second')
  })
})

/** Whether any text of ours was taken for a command. */
function canarySang({ programs, checkout, folder }: House): boolean {
  return (
    existsSync(join(programs.folder, 'sang')) ||
    [checkout, folder].some((path) =>
      readdirSync(path)
        .map((name) => basename(name))
        .includes('sang'),
    )
  )
}
