import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readVars } from '../../functions/_adapters/vars.ts'
import { visitorMac } from '../../functions/_adapters/visit-key.ts'
import { readConfig } from '../../functions/_lib/config.ts'

describe('readConfig', () => {
  it('needs nothing, and then has no database, no webhook and no job folder', () => {
    expect(readConfig({})).toEqual({
      databaseUrl: undefined,
      databaseDriver: 'tcp',
      neonWsProxy: undefined,
      webhookSecrets: [],
      visitKey: undefined,
      visitRetentionDays: 2,
      trustedProxyHops: 0,
      deployBranch: 'main',
      repository: undefined,
      jobsDir: undefined,
      host: '127.0.0.1',
      port: 8000,
      drainSeconds: 0,
    })
  })

  it('counts an empty variable as absent, as compose files leave them', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', GITHUB_WEBHOOK_SECRET: '' })).toEqual(
      readConfig({}),
    )
  })

  it('makes an address of POSTGRES_* in which every character of the password survives', () => {
    const password = `p@:/?#[]%&=+ ü'"\\`

    const { databaseUrl } = readConfig({
      POSTGRES_HOST: 'postgres',
      POSTGRES_DB: 'my db',
      POSTGRES_USER: 'me@home',
      POSTGRES_PASSWORD: password,
      VISIT_SALT: 'sixteen characters',
    })

    const url = new URL(databaseUrl ?? '')
    expect(url.host).toBe('postgres:5432')
    expect(decodeURIComponent(url.password)).toBe(password)
    expect(decodeURIComponent(url.username)).toBe('me@home')
    expect(decodeURIComponent(url.pathname)).toBe('/my db')
  })

  it.each(['postgres', '10.100.0.8', '2001:db8::1', '::1'])('takes %s as POSTGRES_HOST', (host) => {
    const { databaseUrl } = readConfig({ POSTGRES_HOST: host, VISIT_SALT: 'sixteen characters' })

    expect(new URL(databaseUrl ?? '').hostname.replace(/[[\]]/g, '')).toBe(host)
  })

  it.each([
    { POSTGRES_HOST: 'a b' },
    { POSTGRES_HOST: '/var/run/postgresql' },
    { POSTGRES_HOST: '::zz' },
    { DATABASE_URL: 'postgres://u:hunter2%ZZ@h/db' },
    { DATABASE_URL: 'postgres://u:hunter2@/db' },
    { DATABASE_URL: 'hunter2' },
  ])('refuses %j by name and quotes no password', (variables) => {
    const read = () =>
      readConfig({ POSTGRES_PASSWORD: 'hunter2', VISIT_SALT: 'sixteen characters', ...variables })

    expect(read).toThrow(`${Object.keys(variables)[0]}: wanted`)
    expect(read).not.toThrow('hunter2')
  })

  it("takes Neon's driver for Neon's addresses, and for others when asked", () => {
    const driver = (host: string, extra = {}) =>
      readConfig({
        DATABASE_URL: `postgres://u:p@${host}/db`,
        GITHUB_WEBHOOK_SECRET: 's',
        ...extra,
      }).databaseDriver

    expect(driver('ep-cool-1.eu-central-1.aws.neon.tech')).toBe('neon')
    expect(driver('neon.tech.example.com')).toBe('tcp')
    expect(driver('postgres:5432', { DATABASE_DRIVER: 'neon' })).toBe('neon')
    expect(driver('ep-cool-1.eu-central-1.aws.neon.tech', { DATABASE_DRIVER: 'tcp' })).toBe('tcp')
  })

  it.each(['new,old', 'new\nold', 'new\r\nold\n', ' new , old ,'])(
    'reads two secrets in %j',
    (text) => {
      expect(readConfig({ GITHUB_WEBHOOK_SECRET: text }).webhookSecrets).toEqual(['new', 'old'])
    },
  )

  it('lists every problem at once, by name, and quotes no secret', () => {
    const read = () =>
      readConfig({
        DATABASE_URL: 'mysql://u:hunter2@db/x',
        POSTGRES_HOST: 'db',
        DATABASE_DRIVER: 'oracle',
        GITHUB_WEBHOOK_SECRET: 'a,b,hunter2',
        VISIT_SALT: 'hunter2',
        VISIT_RETENTION_DAYS: '0',
        TRUSTED_PROXY_HOPS: '1.5',
        DEPLOY_BRANCH: '--upload-pack=x',
        GITHUB_REPOSITORY: 'hello-world',
        PORT: '65536',
        DRAIN_SECONDS: 'soon',
      })

    expect(read).not.toThrow('hunter2')
    let message = ''
    try {
      read()
    } catch (cause) {
      message = (cause as Error).message
    }
    expect(message.split('\n').map((line) => line.trim().split(':')[0])).toEqual([
      'Cannot start',
      'DATABASE_URL',
      'DATABASE_DRIVER',
      'GITHUB_WEBHOOK_SECRET',
      'VISIT_SALT',
      'VISIT_RETENTION_DAYS',
      'TRUSTED_PROXY_HOPS',
      'DEPLOY_BRANCH',
      'GITHUB_REPOSITORY',
      'PORT',
      'DRAIN_SECONDS',
      'DATABASE_URL, POSTGRES_HOST',
    ])
  })

  it('wants something to hash visitors with when there is a database', () => {
    const database = { DATABASE_URL: 'postgres://u@h/d' }

    expect(() => readConfig(database)).toThrow('VISIT_SALT: wanted it, or GITHUB_WEBHOOK_SECRET')
    expect(readConfig({ ...database, GITHUB_WEBHOOK_SECRET: 'a,b' }).visitKey).toEqual({
      secret: 'a',
      derive: true,
    })
  })
})

describe('readVars', () => {
  it('reads NAME_FILE without the line break at its end, and tells what cannot serve', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dockerswarmp1-vars-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'secret')
    const empty = join(folder, 'empty')
    writeFileSync(path, ' a secret \nof two lines\n')
    writeFileSync(empty, '\n')

    const { values, problems } = readVars({
      POSTGRES_PASSWORD_FILE: path,
      GITHUB_WEBHOOK_SECRET: 'x',
      GITHUB_WEBHOOK_SECRET_FILE: path,
      VISIT_SALT_FILE: folder,
      DATABASE_URL_FILE: empty,
    })

    expect(values.POSTGRES_PASSWORD).toBe(' a secret \nof two lines')
    expect(problems).toEqual([
      'DATABASE_URL_FILE: wanted a secret, got an empty file',
      'GITHUB_WEBHOOK_SECRET: wanted it or GITHUB_WEBHOOK_SECRET_FILE, got both',
      `VISIT_SALT_FILE: wanted a readable file, got ${JSON.stringify(folder)} (EISDIR)`,
    ])
  })
})

describe('visitorMac', () => {
  const mac = (secret: string, derive: boolean) =>
    visitorMac({ ...readConfig({}), visitKey: { secret, derive } })('2026-11-23\n192.0.2.1\nagent')

  it('is HMAC-SHA-256 under the salt', () => {
    // printf '2026-11-23\n192.0.2.1\nagent' | openssl dgst -sha256 -hmac 'sixteen characters'
    expect(mac('sixteen characters', false)).toBe(
      '4b3d7f08bf07b2813fe3cb8d334e8b3c1fcaba26da7e799b43f07ecd0c91df7f',
    )
  })

  it('derives another key from the webhook secret than the secret itself', () => {
    // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:'sixteen characters' \
    //   -kdfopt info:'dockerswarmp1 visits' HKDF
    expect(mac('sixteen characters', true)).toBe(
      '7363b511b92e5fc69021bc5ec30e6be67da74e36efcd23c97762eb61f4b4a584',
    )
  })
})
