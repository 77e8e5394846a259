import { spawn } from 'node:child_process'
import { type Command, formatCommand } from './commands.ts'

export type RunOptions = {
  cwd: string
  timeoutMs: number
  /** What the command reads on standard input. */
  input: string
  /** Takes every line that the command writes, and the command itself. */
  log: (text: string) => void
  /** Ends the command early. */
  signal: AbortSignal
}

/** How a command ended: `problem` is undefined when all is well. */
export type Result = { output: string; problem: string | undefined }

/** After a polite SIGTERM. */
const KILL_AFTER_MS = 3000
/** More than any command of ours has to say, less than what would hurt the watcher. */
const MAX_OUTPUT_LENGTH = 8_388_608

/**
 * Runs one command in a process group of its own: when it is over, whether it ended, took too
 * long or was called off, nothing of the group is left.
 */
export function run(command: Command, options: RunOptions): Promise<Result> {
  const { words, env } = command
  const { cwd, timeoutMs, input, log, signal } = options
  const [program, ...rest] = words
  log(`$ ${formatCommand(command)}`)
  const child = spawn(program, rest, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const { promise, resolve } = Promise.withResolvers<Result>()
  const tooMuch = () => cut(`wrote more than ${MAX_OUTPUT_LENGTH} characters`)
  const output = collect(child.stdout, log, tooMuch)
  const complaint = collect(child.stderr, log, tooMuch)
  let cutShort = ''

  function killGroup(name: NodeJS.Signals) {
    try {
      if (child.pid) process.kill(-child.pid, name)
    } catch {} // nobody left
  }
  function cut(why: string) {
    cutShort ||= why
    killGroup('SIGTERM')
    lastResort ??= setTimeout(() => killGroup('SIGKILL'), KILL_AFTER_MS)
  }
  function cancel() {
    cut('was called off')
  }
  let lastResort: ReturnType<typeof setTimeout> | undefined
  const deadline = setTimeout(() => cut(`took longer than ${timeoutMs / 1000} s`), timeoutMs)
  signal.addEventListener('abort', cancel)
  if (signal.aborted) cancel()

  child.stdin.on('error', () => {}) // it ended before it read; how it ended says why
  child.stdin.end(input)
  child.once('error', (cause) => finish(cause.message))
  child.once('exit', (code, killedBy) => {
    killGroup('SIGKILL')
    // Its last words may still be in the pipe, and a stray descendant may hold the pipe open.
    const ending = setTimeout(closed, 200)
    child.once('close', closed)
    function closed() {
      clearTimeout(ending)
      finish(code === 0 && !cutShort ? undefined : cutShort || `ended with ${code ?? killedBy}`)
    }
  })

  function finish(how: string | undefined) {
    clearTimeout(deadline)
    clearTimeout(lastResort)
    signal.removeEventListener('abort', cancel)
    child.stdout.destroy()
    child.stderr.destroy()
    const lastWords = complaint().trim().split('\n').slice(-5).join('\n')
    const problem = how && `${program} ${rest[0] ?? ''} ${how}${lastWords && `: ${lastWords}`}`
    resolve({ output: output(), problem })
  }
  return promise
}

function collect(
  stream: NodeJS.ReadableStream,
  log: (text: string) => void,
  tooMuch: () => void,
): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    if (text.length > MAX_OUTPUT_LENGTH) return tooMuch()
    text += chunk
    log(chunk.trimEnd())
  })
  return () => text
}
