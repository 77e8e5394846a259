import { ensureEngine, warnOfDisk } from './engine.ts'
import { ensureImages } from './images.ts'
import { ensureNetwork } from './network.ts'
import { ensureClient, ensureNode, loadImages, untilEngineAnswers } from './nodes.ts'
import { elapsed, say, step } from './progress.ts'
import { checkServices, ensureAuthority, ensurePebble, ensureRegistry, logIn } from './services.ts'
import { APP_DOMAIN, addressOf, NODES, writeState } from './state.ts'
import { ensureNetworks, ensureSwarm } from './swarm.ts'

/** Brings the lab up from wherever it stands; on a running one it changes nothing. */
export async function up(install: boolean): Promise<void> {
  writeState({})
  await ensureEngine(install)
  await warnOfDisk()
  const images = await ensureImages()
  const subnet = await step('Network', ensureNetwork)
  await step('Certificates and accounts', () => ensureAuthority(subnet, images))
  await step('Registry, Pebble, client', async () => {
    await ensureRegistry(subnet, images)
    await ensurePebble(subnet, images)
    await ensureClient(subnet, images)
    await checkServices()
  })
  await step('Three nodes', async () => {
    await Promise.all(NODES.map((node) => ensureNode(node, subnet, images)))
    await Promise.all(NODES.map(untilEngineAnswers))
  })
  await step('Swarm of three managers', () => ensureSwarm(subnet))
  await step('Overlay networks', ensureNetworks)
  await step('Images on every node', () => loadImages(images))
  await step('Log in to the registry', logIn)
  say(`The lab is up after ${elapsed()}: ${NODES.map((it) => addressOf(it, subnet)).join(', ')}`)
  say(`Page, once the stack is deployed: https://${APP_DOMAIN} at ${addressOf('kvm8', subnet)}`)
}
