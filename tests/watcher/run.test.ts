import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Command } from '../../swarm/watcher/commands.ts'
import { type RunOptions, run } from '../../swarm/watcher/run.ts'
import { temporaryFolder } from './job-files.ts'
import { isAlive, pidsIn, until } from './until.ts'

const LONG_MS = 60_000

function inFolder(options: Partial<RunOptions> = {}) {
  const folder = temporaryFolder(onTestFinished)
  const log: string[] = []
  const shell = (script: string): Command => ({ words: ['sh', '-c', script] })
  const start = (command: Command, more: Partial<RunOptions> = {}) =>
    run(command, {
      cwd: folder,
      timeoutMs: LONG_MS,
      input: '',
      log: (text) => void log.push(text),
      signal: new AbortController().signal,
      ...options,
      ...more,
    })
  onTestFinished(() => {
    for (const pid of pidsIn(join(folder, 'pids'))) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  return { folder, log, shell, start, pids: () => pidsIn(join(folder, 'pids')) }
}

describe('run', () => {
  test('resolves to the output, runs in the folder, and logs the command and its lines', async () => {
    const { start, shell, log, folder } = inFolder()

    const result = await start(shell('echo one; pwd; echo three >&2'))

    expect(result).toEqual({ output: `one\n${folder}\n`, problem: undefined })
    expect(log[0]).toBe(`$ sh -c 'echo one; pwd; echo three >&2'`)
    expect(log.slice(1).join('\n').split('\n').sort()).toEqual([folder, 'one', 'three'])
  })

  test('gives the exit code and the last five lines of complaint as the problem', async () => {
    const { start, shell } = inFolder()

    const result = await start(shell('for i in 1 2 3 4 5 6 7; do echo "line $i" >&2; done; exit 3'))

    expect(result.problem).toBe('sh -c ended with 3: line 3\nline 4\nline 5\nline 6\nline 7')
  })

  test('gives the signal that ended the program as the problem', async () => {
    const { start, shell } = inFolder()

    const result = await start(shell('kill -KILL $$'))

    expect(result.problem).toBe('sh -c ended with SIGKILL')
  })

  test('feeds the input, and the environment on top of ours', async () => {
    const { start } = inFolder()
    const command: Command = { words: ['sh', '-c', 'cat; echo "$GIVEN"'], env: { GIVEN: 'a b' } }

    const result = await start(command, { input: 'first\nsecond\n' })

    expect(result).toEqual({ output: 'first\nsecond\na b\n', problem: undefined })
  })

  test('closes the input of a program that has none to read', async () => {
    const { start } = inFolder()

    const result = await start({ words: ['cat'] })

    expect(result).toEqual({ output: '', problem: undefined })
  })

  test('outlives a program that ends before it has read its input', async () => {
    const { start, shell } = inFolder()

    const result = await start(shell('exit 4'), { input: 'x'.repeat(1_000_000) })

    expect(result.problem).toBe('sh -c ended with 4')
  })

  test('names a program that does not exist', async () => {
    const { start } = inFolder()

    const result = await start({ words: ['no-such-program', 'word'] })

    expect(result).toEqual({
      output: '',
      problem: 'no-such-program word spawn no-such-program ENOENT',
    })
  })

  test('names the program when its folder is gone', async () => {
    const { start, folder } = inFolder()

    const result = await start({ words: ['cat'] }, { cwd: join(folder, 'gone') })

    expect(result.problem).toContain('ENOENT')
  })

  test('hands shell characters on as they are', async () => {
    const { start, folder } = inFolder()
    const words = [
      '$(touch canary)',
      '`touch canary`',
      '; touch canary',
      '*',
      "'",
      '"',
      '\\',
      'a\nb',
    ]

    const result = await start({ words: ['printf', '%s|', ...words] })

    expect(result.output).toBe(words.map((word) => `${word}|`).join(''))
    expect(existsSync(join(folder, 'canary'))).toBe(false)
  })

  test('takes more than 1 MiB of output and of complaint, whole', async () => {
    const { start, shell } = inFolder()
    const twoMiB = 'head -c 2097152 /dev/zero | tr "\\0" x'

    const result = await start(shell(`${twoMiB}; ${twoMiB} >&2; exit 5`))

    expect(result.problem).toMatch(/^sh -c ended with 5/)
    expect(result.output).toBe('x'.repeat(2_097_152))
  })

  test('ends a step whose output has no end, and never passes off its beginning as all', async () => {
    const { start, shell } = inFolder()

    const result = await start(shell('yes'))

    expect(result.problem).toMatch(/^sh -c wrote more than 8388608 characters/)
  })

  test('kills a step that takes too long, with a child that ignores SIGTERM, and its child', async () => {
    const { start, shell, pids } = inFolder()
    const stubborn = `trap '' TERM; echo $$ >> pids; sleep 300 & echo $! >> pids; wait; wait`

    const result = await start(shell(`echo $$ >> pids; sh -c "${escaped(stubborn)}"; true`), {
      timeoutMs: 2000,
    })

    expect(result.problem).toBe('sh -c took longer than 2 s')
    const three = await until('three processes were noted', () => pids().length === 3 && pids())
    await until('all three are gone', () => !three.some(isAlive))
  })

  test('kills a leader that ignores SIGTERM', async () => {
    const { start, shell, pids } = inFolder()

    const result = await start(shell(`trap '' TERM; echo $$ > pids; sleep 300; sleep 300`), {
      timeoutMs: 2000,
    })

    expect(result.problem).toBe('sh -c took longer than 2 s')
    expect(pids().filter(isAlive)).toEqual([])
  })

  test('leaves nothing of a step that ended well and left a child in the background', async () => {
    const { start, shell, pids } = inFolder()

    const result = await start(shell('echo said; sleep 300 & echo $! > pids'))

    expect(result).toEqual({ output: 'said\n', problem: undefined })
    await until('the child is gone', () => !pids().some(isAlive))
  })

  test('does not wait for a descendant in another session that holds the pipe open', async () => {
    const { start, shell, pids } = inFolder()

    const result = await start(
      shell(
        'echo said; setsid sh -c "echo \\$\\$ > pids; exec sleep 300" & while ! [ -s pids ]; do :; done',
      ),
    )

    expect(result).toEqual({ output: 'said\n', problem: undefined })
    expect(pids().map(isAlive)).toEqual([true])
  })

  test('ends a step that is called off, with what it started', async () => {
    const { start, shell, pids } = inFolder()
    const stop = new AbortController()
    const running = start(shell('sleep 300 & echo $! > pids; wait'), { signal: stop.signal })
    await until('the child was noted', () => pids().length === 1)

    stop.abort()
    const result = await running

    expect(result.problem).toBe('sh -c was called off')
    await until('the child is gone', () => !pids().some(isAlive))
  })

  test('ends a step that was called off before it started', async () => {
    const { start, shell } = inFolder()

    const result = await start(shell('sleep 300'), { signal: AbortSignal.abort() })

    expect(result.problem).toBe('sh -c was called off')
  })
})

function escaped(script: string): string {
  return script.replaceAll(/[$"]/g, '\\$&')
}
