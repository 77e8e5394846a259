import { ensureEngine, stopOwnEngine } from './engine.ts'
import { removeImages } from './images.ts'
import { say, step } from './progress.ts'
import { attempt, run } from './run.ts'
import { forgetState, id, NODES, named } from './state.ts'

/** Removes all that this checkout's lab has on this machine, but not the images it is built of. */
export async function down(images: boolean): Promise<void> {
  await ensureEngine(false) // the machine may have been restarted since
  const image = await nodeImage()
  const containers = await ours('ps', '--all', '--format', '{{.Names}}')
  if (containers.length) {
    await step(`Remove ${containers.length} containers`, () =>
      run(['docker', 'rm', '--force', '--volumes', ...containers]),
    )
  }
  if (image) await step('Remove the control groups of the nodes', () => removeGroups(image))
  const volumes = await ours('volume', 'ls', '--format', '{{.Name}}')
  if (volumes.length) {
    await step(`Remove ${volumes.length} volumes`, () =>
      run(['docker', 'volume', 'rm', ...volumes]),
    )
  }
  const networks = await ours('network', 'ls', '--format', '{{.Name}}')
  if (networks.length) {
    await step('Remove the network', () => run(['docker', 'network', 'rm', ...networks]))
  }
  if (images) await step('Remove the images', removeImages)
  await stopOwnEngine()
  forgetState()
  say('The lab is down')
}

/** The things of one kind whose name begins as this lab's names do. */
async function ours(...list: string[]): Promise<string[]> {
  const names = await run(['docker', ...list, '--filter', `name=lab-${id}-`])
  return names.split('\n').filter((name) => name.startsWith(`lab-${id}-`))
}

async function nodeImage(): Promise<string | undefined> {
  for (const node of NODES) {
    const words = ['docker', 'inspect', '--type=container', '--format', '{{.Config.Image}}']
    const found = await attempt([...words, named(node)])
    if (found.code === 0) return found.stdout.trim()
  }
}

/** The nodes' Engines made them in this machine's own hierarchy, where nobody else tidies up. */
async function removeGroups(image: string): Promise<void> {
  const mount = ['--cgroupns', 'host', '--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw']
  const words = ['docker', 'run', '--rm', '--network', 'none', ...mount, '--entrypoint', 'find']
  const paths = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/lab-${id}-*`]
  // One that is still busy is no reason to stop: it holds nothing.
  await attempt([...words, image, ...paths, '-exec', 'rmdir', '{}', ';'])
}
