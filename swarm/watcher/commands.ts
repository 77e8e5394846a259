import { type Job, SERVICES, type Service } from '../../functions/_lib/job.ts'
import type { WatcherConfig } from './config.ts'

/** A program and its words, as they reach the kernel: no shell stands between. */
export type Command = {
  words: [program: string, ...rest: string[]]
  env?: Record<string, string>
  /** Feed it what the command before it wrote. */
  readsPrevious?: boolean
}

/** Why this watcher does not deploy the job, or undefined when it does. */
export function refusal(job: Job, config: WatcherConfig): string | undefined {
  const repository = config.repository ?? job.repository
  if (job.repository.toLowerCase() !== repository.toLowerCase()) {
    return `Wanted repository ${repository}, got ${job.repository}`
  }
  if (job.ref !== `refs/heads/${config.branch}`) {
    return `Wanted branch ${config.branch}, got ${job.ref}`
  }
  const foreign = SERVICES.find((service) => {
    const image = job.images[service]
    return image && !image.startsWith(`${imageName(service, job, config)}@`)
  })
  if (!foreign) return undefined
  return `Wanted ${foreign} image ${imageName(foreign, job, config)}, got ${job.images[foreign]}`
}

/**
 * The commands that deploy a job, in order. The stack file is the commit's own, never the branch
 * head's, and the commit has to be on the branch: whoever can write jobs deploys only what is merged.
 */
export function deployCommands(job: Job, config: WatcherConfig): Command[] {
  const head = `refs/remotes/origin/${config.branch}`
  const images = SERVICES.map((service) => [
    `${service.toUpperCase()}_IMAGE`,
    job.images[service] ?? `${imageName(service, job, config)}:${job.commit}`,
  ])
  return [
    { words: ['git', 'fetch', '--quiet', '--no-tags', 'origin', `+${job.ref}:${head}`] },
    { words: ['git', 'merge-base', '--is-ancestor', job.commit, head] },
    { words: ['git', 'show', `${job.commit}:swarm/stack.yaml`] },
    {
      words: [
        ...(['docker', 'stack', 'deploy', '--compose-file', '-'] as const),
        ...['--with-registry-auth', '--detach=true', config.stack],
      ],
      env: Object.fromEntries(images),
      readsPrevious: true,
    },
  ]
}

/** The command as a person would type it. */
export function formatCommand({ words, env = {} }: Command): string {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`)
  return [...assignments, ...words.map(quoted)].join(' ')
}

function imageName(service: Service, job: Job, config: WatcherConfig): string {
  const prefix = config.imagePrefix ?? `ghcr.io/${config.repository ?? job.repository}`
  return `${prefix.toLowerCase()}/${service}`
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
