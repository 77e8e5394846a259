import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '../../functions/_lib/job.ts'
import { workAlone } from './alone.ts'
import { deployCommands, formatCommand, refusal } from './commands.ts'
import { readWatcherConfig, type WatcherConfig } from './config.ts'
import type { Disk } from './folder.ts'
import { openQueue } from './queue.ts'
import { run } from './run.ts'

const HELP = `Takes the jobs from the job folder and deploys the newest.

  bun swarm/watcher/main.ts [--dry-run] [--once]

  --dry-run   print the Docker commands instead of running them
  --once      take what is queued now, then end
  --help      this text

Variables: JOBS_DIR, GITHUB_REPOSITORY, DEPLOY_BRANCH, IMAGE_PREFIX, CHECKOUT_DIR,
STEP_TIMEOUT_SECONDS (docs/configuration.md).`

export type WatchOptions = {
  once?: boolean
  /** Stops the watcher; a job that is running stays where it is and runs again at the next start. */
  signal: AbortSignal
  disk?: Disk
}

/** Watches the job folder until the signal, or once through what is queued. */
export async function watch(config: WatcherConfig, options: WatchOptions): Promise<void> {
  const { once = false, signal, disk } = options
  const queue = openQueue({
    folder: config.jobsDir,
    refusal: (job) => refusal(job, config),
    now: () => new Date(),
    report,
    ...(disk && { disk }),
  })
  let mounted = true
  while (!signal.aborted) {
    if (queue.isMounted() !== mounted) {
      mounted = !mounted
      report(mounted ? 'the job folder is back' : `no job folder at ${config.jobsDir}, waiting`)
    }
    // Whatever lies in running/ while we are idle was cut off.
    const job = mounted ? await persist(() => queue.recover() ?? queue.claim()) : undefined
    if (job) await deploy(job)
    else if (once) return
    else await pause()
  }

  async function deploy(job: Job) {
    report(`job ${job.id} running: ${job.commit} by ${job.who}`)
    const problem = config.dryRun ? rehearse(job) : await runAll(job)
    if (signal.aborted) return
    const done = config.dryRun
      ? 'Dry run, nothing deployed'
      : `Docker took the stack of ${job.commit}`
    await persist(() =>
      problem ? queue.finish(job, 'failed', problem) : queue.finish(job, 'done', done),
    )
  }

  function rehearse(job: Job): undefined {
    for (const command of deployCommands(job, config)) {
      queue.log(job, `dry run: ${formatCommand(command)}`)
      report(`would run: ${formatCommand(command)}`)
    }
  }

  async function runAll(job: Job): Promise<string | undefined> {
    let input = ''
    for (const command of deployCommands(job, config)) {
      const { output, problem } = await run(command, {
        cwd: config.checkout,
        timeoutMs: config.stepTimeoutMs,
        input: command.readsPrevious ? input : '',
        log: (text) => queue.log(job, text),
        signal,
      })
      if (problem) return problem
      input = output
    }
    return undefined
  }

  // A disk that is full or gone comes back; what was under way must not be forgotten meanwhile.
  async function persist<T>(step: () => T): Promise<T | undefined> {
    for (let last = ''; !signal.aborted; await pause()) {
      try {
        return step()
      } catch (cause) {
        const { message } = cause as Error
        if (message !== last) report(`${message}, trying again`)
        last = message
      }
    }
    return undefined
  }

  async function pause() {
    await sleep(config.pollMs, undefined, { signal }).catch(() => {})
  }
}

function report(line: string) {
  console.log(`watcher   ${line}`)
}

async function main(words: string[]) {
  if (words.includes('--help')) return console.log(HELP)
  const unknown = words.find((word) => !['--dry-run', '--once'].includes(word))
  if (unknown) throw new Error(`Cannot start: unknown option ${unknown} (see --help)`)
  const config = readWatcherConfig(process.env, words.includes('--dry-run'))
  await workAlone(config.jobsDir)
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  process.once('SIGINT', () => stop.abort())
  report(
    `watching ${relative(process.cwd(), config.jobsDir) || '.'}${config.dryRun ? ', dry run' : ''}`,
  )
  await watch(config, { once: words.includes('--once'), signal: stop.signal })
}

if (import.meta.main) {
  await main(process.argv.slice(2)).catch((cause: Error) => {
    console.error(cause.message)
    process.exitCode = 1
  })
}
