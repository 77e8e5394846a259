import { access, copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { has } from './engine.ts'
import { LabError } from './progress.ts'
import { attempt, pipe, run } from './run.ts'
import { folder, logFolder } from './state.ts'

const SUITE = 'forky'

/** Where a machine may keep the roots that it trusts. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
]

/** Whether the official images can be had. */
export async function hubAnswers(): Promise<boolean> {
  const words = ['docker', 'pull', '--quiet', `debian:${SUITE}-slim`]
  return (await attempt(['timeout', '60', ...words])).code === 0
}

/** Makes `tag` a bare Debian out of the mirror that this machine itself uses. */
export async function importDebian(tag: string): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new LabError('Cannot bootstrap Debian: only root can\nRun it again with sudo')
  }
  if (!(await has('debootstrap'))) {
    throw new LabError('Cannot find debootstrap\nInstall it: apt-get install -y debootstrap')
  }
  const root = join(folder, 'debian')
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true })
  const script = '/usr/share/debootstrap/scripts/sid' // an older debootstrap may not know forky
  const words = ['debootstrap', '--variant=minbase', SUITE, root, await mirror(), script]
  // In a mount namespace of its own: what it mounts goes with it, even after Ctrl-C.
  await run(['unshare', '--mount', ...words], { log: join(logFolder, 'debootstrap.log') })
  const skipped = [
    './dev/*',
    './proc/*',
    './var/cache/apt/archives/*.deb',
    './var/lib/apt/lists/*',
    './usr/share/doc/*',
    './usr/share/man/*',
    './usr/share/locale/*',
  ]
  const tar = ['tar', '-C', root, ...skipped.map((path) => `--exclude=${path}`), '-c', '.']
  await pipe(tar, [['docker', 'import', '--change', 'CMD ["bash"]', '-', tag]])
  await rm(root, { recursive: true, force: true })
}

/** The roots that this machine trusts, for the images: a registry's proxy may need them. */
export async function copyMachineRoots(to: string): Promise<void> {
  for (const bundle of BUNDLES) {
    if (await readable(bundle)) return copyFile(bundle, to)
  }
  throw new LabError(`Cannot find this machine's CA bundle: looked for ${BUNDLES.join(', ')}`)
}

const readable = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )

async function mirror(): Promise<string> {
  const lists = '/etc/apt/sources.list.d'
  const names = await readdir(lists).catch(() => [])
  const files = ['/etc/apt/sources.list', ...names.map((name) => join(lists, name))]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  // One line (`deb URI SUITE main`) or a stanza (`URIs: URI`), for an archive of Debian itself.
  const uris = /^(?:deb(?:\s+\[[^\]]*\])?|URIs:)\s+(https?:\/\/\S+\/debian)\/?(?:\s|$)/m
  for (const text of texts) {
    const found = uris.exec(text)?.[1]
    if (found) return found
  }
  throw new LabError(`Cannot find a mirror of Debian: none in ${files.join(', ')}`)
}
