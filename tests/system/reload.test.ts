import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { root } from '../../scripts/build.ts'
import { COMMANDS, startProcess } from '../server.ts'
import { until } from '../until.ts'

/** A checkout of its own, whose files a test may change. */
function copyOfTheCheckout(): string {
  const copy = mkdtempSync(join(inject('folder'), 'checkout-'))
  for (const room of ['functions', 'public', 'scripts', 'swarm', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, room), join(copy, room), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

describe('npm start', () => {
  it('serves what was changed, and goes on with the last good version while nothing builds', async () => {
    const checkout = copyOfTheCheckout()
    const words = [join(checkout, 'scripts/dev.ts'), '--port', '0']
    const system = await startProcess([...COMMANDS.node, ...words], {})
    onTestFinished(() => system.stop())
    const change = (file: string, edit: (text: string) => string) => {
      const path = join(checkout, file)
      writeFileSync(path, edit(readFileSync(path, 'utf8')))
    }
    // A reload restarts workerd: for a moment nobody listens.
    const answer = (path: string) =>
      fetch(`${system.url}${path}`).then(
        (response) => response.text(),
        () => 'nobody listens',
      )

    change('functions/health.ts', (text) => text.replace("'healthy'", "'changed'"))
    await until(
      () => answer('/health'),
      (text) => text === '{"status":"changed"}',
    )
    change('functions/health.ts', (text) => `${text}\nexport const broken = (`)
    await until(
      async () => system.output(),
      (text) => text.includes('Unexpected end of file'),
    )
    change('public/style.css', (text) => `${text}\n/* changed while broken */`)
    const whileBroken = await answer('/health')
    change('functions/health.ts', (text) => text.replace('export const broken = (', ''))
    change('public/index.html', (text) => text.replace('<title>', '<title>new '))
    await until(
      () => answer('/'),
      (text) => text.includes('<title>new '),
    )

    expect(whileBroken).toBe('{"status":"changed"}')
    expect(await answer('/health')).toBe('{"status":"changed"}')
  })
})
