import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { LabError } from './progress.ts'

type RunOptions = {
  /** What the program reads on its standard input. */
  input?: string
  /** A file that takes all the output of a long command; errors name it. */
  log?: string
}

type Outcome = { code: number; stdout: string; stderr: string }

/** Runs a program to its end; its exit code is the caller's to judge. */
export async function attempt(words: string[], options: RunOptions = {}): Promise<Outcome> {
  const child = begin(words)
  const log = options.log ? createWriteStream(options.log) : undefined
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
    log?.write(chunk)
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
    log?.write(chunk)
  })
  child.stdin?.on('error', () => {}) // it may end before it has read everything
  child.stdin?.end(options.input ?? '')
  const code = await ended(child)
  log?.end()
  return { code, stdout, stderr }
}

/** Runs a program and gives its output; anything but exit code 0 is an error. */
export async function run(words: string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(words, options)
  if (code === 0) return stdout.trim()
  const place = options.log ? ` (all of it: ${options.log})` : ''
  throw new LabError(
    `Cannot run ${shown(words)}: exit code ${code}${place}\n${tail(stderr, stdout)}`,
  )
}

/** `from | to` for each of `to`, at the pace of the slowest. */
export async function pipe(from: string[], to: string[][]): Promise<void> {
  const source = begin(from)
  source.stdin?.end()
  const readers = to.map(begin)
  const said = [source, ...readers].map(collect)
  const codes = Promise.all([source, ...readers].map(ended))
  for (const reader of readers) reader.stdin?.on('error', () => {}) // its exit code says why
  for await (const chunk of source.stdout ?? []) {
    await Promise.all(readers.map((reader) => written(reader, chunk)))
  }
  for (const reader of readers) reader.stdin?.end()
  const failed = (await codes).findIndex((code) => code !== 0)
  if (failed < 0) return
  const words = failed === 0 ? from : (to[failed - 1] ?? [])
  throw new LabError(
    `Cannot run ${shown(words)}: exit code ${(await codes)[failed]}\n${said[failed]?.()}`,
  )
}

/** Runs a program on this terminal and gives its exit code. */
export async function handOver(words: string[]): Promise<number> {
  const [program = '', ...rest] = words
  return ended(spawn(program, rest, { stdio: 'inherit' }))
}

function begin(words: string[]): ChildProcess {
  const [program = '', ...rest] = words
  return spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'] })
}

/** Ends when the child has room for more, or is gone. */
function written(child: ChildProcess, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (!child.stdin?.writable) resolve()
    else child.stdin.write(chunk, () => resolve())
  })
}

function collect(child: ChildProcess): () => string {
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  return () => tail(stderr, '')
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(127))
    child.on('close', (code) => resolve(code ?? 130))
  })
}

/** Long words (a script, a config) are cut: the message is for reading. */
const shown = (words: string[]) => words.map((word) => word.slice(0, 60)).join(' ')

const tail = (stderr: string, stdout: string) =>
  (stderr.trim() || stdout.trim()).split('\n').slice(-12).join('\n')
