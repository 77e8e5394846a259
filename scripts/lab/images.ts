import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { LabError, say, step } from './progress.ts'
import { copyMachineRoots, hubAnswers, importDebian } from './root.ts'
import { attempt, run } from './run.ts'
import { checkout, folder, LABEL, logFolder } from './state.ts'

const sources = join(checkout, 'scripts', 'lab', 'images')
const context = join(folder, 'context')
const REPOSITORY = 'dockerswarmp1-lab'
const NPM = 'npm@11.21.2'

/** The official name of each image that the stack uses, and the recipe of its stand-in. */
const OFFICIAL = {
  'traefik:v3.7': 'traefik',
  'postgres:18': 'postgres',
  'nginx:1.30': 'nginx',
  'node:24-slim': 'nodejs',
  'haproxy:3.2': 'haproxy',
} as const

export type Images = {
  node: string
  services: string
  /** From official name to the image on this machine that the nodes get under that name. */
  official: Map<string, string>
}

/** Builds what is missing; a recipe's content is in its tag, so a changed one is built anew. */
export async function ensureImages(): Promise<Images> {
  const hash = await recipeHash()
  const tag = (recipe: string) => `${REPOSITORY}/${recipe}:${hash}`
  const root = tag('root')
  const standIns = new Map(Object.entries(OFFICIAL).map(([name, recipe]) => [name, tag(recipe)]))
  const plain = ['base', 'node', 'services'].map(tag)
  const images = { node: tag('node'), services: tag('services') }
  if (await present([...plain, ...standIns.values()])) return { ...images, official: standIns }

  const official = new Map(Object.keys(OFFICIAL).map((name) => [name, name]))
  if (await present([...plain, ...official.keys()])) return { ...images, official }

  const hub = await step('Ask for the official images', hubAnswers)
  if (hub) await run(['docker', 'tag', 'debian:forky-slim', root])
  else if (!(await present([root]))) await step('Bootstrap Debian', () => importDebian(root))
  await step('Collect what the images need', prepareContext)
  await step('Build the base image', () => build('base', tag('base'), ['ROOT', root]))
  const recipes = ['node', 'services', ...(hub ? [] : Object.values(OFFICIAL))]
  await step(`Build ${recipes.length} images`, () =>
    twoAtATime(recipes, (recipe) => build(recipe, tag(recipe), ['BASE', tag('base')])),
  )
  if (!hub) return { ...images, official: standIns }
  await step('Pull the official images', () =>
    twoAtATime([...official.keys()], (name) => run(['docker', 'pull', '--quiet', name])),
  )
  return { ...images, official }
}

/** Removes all that labs have built on this machine, of every checkout. */
export async function removeImages(): Promise<void> {
  const words = ['docker', 'images', '--filter', `reference=${REPOSITORY}/*`]
  const list = await run([...words, '--format', '{{.Repository}}:{{.Tag}}'])
  // By tag: an image that others are built on cannot be removed by its id.
  if (list) await run(['docker', 'rmi', ...list.split('\n')])
  await run(['docker', 'image', 'prune', '--force', '--filter', `label=${LABEL}`])
}

async function build(recipe: string, tag: string, [name, value]: [string, string]): Promise<void> {
  if (await present([tag])) return
  const file = join(context, `${recipe}.Dockerfile`)
  const words = ['docker', 'build', '--force-rm', '--build-arg', `${name}=${value}`]
  const from = Date.now()
  await run([...words, '--tag', tag, '--file', file, context], {
    log: join(logFolder, `build-${recipe}.log`),
  })
  say(`    ${recipe} (${Math.round((Date.now() - from) / 1000)} s)`)
}

async function prepareContext(): Promise<void> {
  await cp(sources, context, { recursive: true })
  await copyMachineRoots(join(context, 'machine-ca.pem'))
  const packed = await run(['npm', 'pack', '--silent', '--pack-destination', context, NPM])
  await rename(join(context, packed.split('\n').at(-1) ?? ''), join(context, 'npm.tgz'))
}

async function recipeHash(): Promise<string> {
  const hash = createHash('sha256').update(NPM)
  hash.update(await readFile(join(checkout, 'scripts', 'lab', 'root.ts')))
  for (const name of (await readdir(sources)).sort()) {
    hash.update(`${name}\0`).update(await readFile(join(sources, name)))
  }
  return hash.digest('hex').slice(0, 12)
}

const present = async (tags: string[]): Promise<boolean> =>
  (await attempt(['docker', 'image', 'inspect', '--format', '{{.Id}}', ...tags])).code === 0

/** More would only compete for the processors of a small machine. */
async function twoAtATime<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  const outcomes = await Promise.allSettled([worker(), worker()])
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason instanceof Error ? failed.reason : new LabError('Cannot build')
}
