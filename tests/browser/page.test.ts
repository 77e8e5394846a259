import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startSystem } from '../system/system.ts'

const CHROMIUM = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path))

const STRICT_CSP = "default-src 'self'"
const SLOW = 120_000

if (!CHROMIUM) {
  const wanted = 'Chromium is missing: apt-get install chromium, or name one in CHROMIUM_PATH'
  if (process.env.CI) throw new Error(wanted)
  console.log(`tests/browser is skipped. ${wanted}`)
}

describe.skipIf(!CHROMIUM)('the page', { timeout: SLOW }, () => {
  let browser: Browser
  let system: Awaited<ReturnType<typeof startSystem>>

  beforeAll(async () => {
    system = await startSystem()
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      // Chromium refuses to run its sandbox as root, and CI containers run as root.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    })
  }, SLOW)

  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  }, SLOW)

  async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US', ...options })
    onTestFinished(() => context.close())
    return context.newPage()
  }

  test('/ shows the count, one more for a second visitor, and the container that answered', async () => {
    const first = await visitor({ userAgent: 'first visitor' })
    const second = await visitor({ userAgent: 'second visitor' })
    await first.goto(system.url)
    const before = await shownCount(first)

    await second.goto(system.url)
    const after = await shownCount(second)
    const answer = await second.request.get(`${system.url}/api/visit`)

    expect(before).toBeGreaterThan(0)
    expect(after).toBe(before + 1)
    expect(await second.locator('#hostname').textContent()).toBe((await answer.json()).hostname)
    await first.reload()
    expect(await shownCount(first)).toBe(after)
  })

  test('/ plots 30 days, the last one today', async () => {
    const page = await visitor()

    await page.goto(system.url)
    const count = await shownCount(page)

    const today = await page.locator('#date').textContent()
    const titles = await page.locator('#plot g title').allTextContents()
    const table = await page.locator('#table th').allTextContents()
    const label = await page.locator('#plot').getAttribute('aria-label')
    expect(await page.locator('#plot .bar').count()).toBe(30)
    expect(titles.at(-1)).toBe(`${today}: ${count} unique ${count === 1 ? 'visit' : 'visits'}`)
    expect(titles.at(0)).toMatch(/: 0 unique visits$/)
    expect(table).toHaveLength(30)
    expect(table.at(-1)).toBe(today)
    expect(label).toContain(`Today: ${count}.`)
  })

  test('/ draws a day without visits as a mark, also when one day is huge or all are empty', async () => {
    const page = await visitor()
    const days = lastDays(30).map((date) => ({ date, unique_visits: 0 }))
    await page.route('**/api/visits?*', (route) => route.fulfill({ json: { days } }))
    await page.goto(system.url)

    await shownCount(page)
    const empty = await barHeights(page)
    days[3] = { date: days[3]?.date ?? '', unique_visits: 1_234_567 }
    days[4] = { date: days[4]?.date ?? '', unique_visits: 1 }
    await page.reload()
    await shownCount(page)
    const huge = await barHeights(page)

    expect(new Set(empty)).toEqual(new Set([empty[0]]))
    expect(empty[0]).toBeGreaterThan(0)
    expect(huge[3]).toBe(160)
    expect(huge[4]).toBeGreaterThan(huge[5] ?? Infinity)
    expect(huge[5]).toBe(empty[0])
    expect(await page.locator('#top').textContent()).toBe('1,234,567')
  })

  test.each([
    { locale: 'pt-BR', lang: 'pt-BR', shown: 'Visitas únicas hoje', hidden: 'Unique visits today' },
    { locale: 'en-US', lang: 'en', shown: 'Unique visits today', hidden: 'Visitas únicas hoje' },
    { locale: 'ja-JP', lang: 'en', shown: 'Unique visits today', hidden: 'Visitas únicas hoje' },
  ])('/ speaks $lang to a browser in $locale', async ({ locale, lang, shown, hidden }) => {
    const page = await visitor({ locale })

    await page.goto(system.url)
    await shownCount(page)

    expect(await page.getByText(shown).isVisible()).toBe(true)
    expect(await page.getByText(hidden).isVisible()).toBe(false)
    expect(await page.locator('html').getAttribute('lang')).toBe(lang)
    expect(await page.title()).toContain(lang === 'en' ? 'three small servers' : 'três servidores')
  })

  test('/ changes its language by the switch, and the choice survives a reload', async () => {
    const page = await visitor({ locale: 'pt-BR' })
    await page.goto(system.url)
    await shownCount(page)
    const before = await page.locator('#plot').getAttribute('aria-label')

    await page.getByText('English', { exact: true }).click()
    await page.getByText('Unique visits today').waitFor()
    const after = await page.locator('#plot').getAttribute('aria-label')
    await page.reload()
    await shownCount(page)

    expect(before).toMatch(/^Gráfico/)
    expect(after).toMatch(/^Bar chart/)
    expect(await page.getByText('Unique visits today').isVisible()).toBe(true)
    expect(await page.getByText('Visitas únicas hoje').isVisible()).toBe(false)
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
  })

  test('/ without JavaScript is readable in both languages and shows no number', async () => {
    const page = await visitor({ javaScriptEnabled: false })
    await page.goto(system.url)

    const english = await page.locator('main').innerText()
    const figures = await page.locator('#figures').innerText()
    await page.getByText('Português', { exact: true }).click()
    await page.getByText('Do que é feito').waitFor()
    const portuguese = await page.locator('main').innerText()

    expect(english).toContain('What it is made of')
    expect(english).toContain('The numbers need JavaScript')
    expect(english).toContain('curl https://app.example.com/api/visit')
    expect(english).not.toContain('Do que é feito')
    expect(portuguese).toContain('Os números precisam de JavaScript')
    expect(portuguese).not.toContain('What it is made of')
    expect(figures).toContain('—')
    expect(figures).not.toMatch(/\d/)
  })

  test('/ says that the API does not answer, keeps the numbers, and recovers by itself', async () => {
    const page = await visitor()
    const first = await startSystem()
    onTestFinished(() => first.stop())
    await page.goto(first.url)
    const before = await shownCount(page)
    await page.evaluate(() => document.body.setAttribute('data-same', 'page'))

    await first.stop()
    // A tab that comes back into view asks at once instead of at the next round.
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await page.getByText('The API does not answer.').waitFor()
    const message = await page.locator('#status').textContent()
    const kept = await page.locator('#count').textContent()
    const state = await page.locator('#figures').getAttribute('data-state')
    const second = await startSystem({ port: first.port, data: first.data })
    onTestFinished(() => second.stop())
    const after = await shownCount(page)

    expect(message).toContain('The numbers below are the last ones received.')
    expect(kept).toBe(String(before))
    expect(state).toBe('failed')
    expect(after).toBe(before)
    expect(await page.locator('#status').textContent()).toBe('')
    expect(await page.locator('body').getAttribute('data-same')).toBe('page')
  })

  test.each([
    {
      what: 'an API without a database',
      answer: { status: 503, json: { error: 'Database not configured' } },
      english: 'The API answers, but no database is configured.',
      portuguese: 'A API responde, mas não há banco de dados configurado.',
    },
    {
      what: 'a database that is away',
      answer: { status: 503, json: { error: 'Database unavailable' } },
      english: 'The API answers, but its database is unavailable.',
      portuguese: 'A API responde, mas o banco de dados está indisponível.',
    },
    {
      what: 'a failing edge',
      answer: { status: 502, json: { error: 'Database unavailable' } },
      english: 'The API does not answer.',
      portuguese: 'A API não responde.',
    },
    {
      what: 'an answer that is a page',
      answer: { status: 200, body: '<h1>It works!</h1>' },
      english: 'The API does not answer.',
      portuguese: 'A API não responde.',
    },
    {
      what: 'an answer of another shape',
      answer: { status: 200, json: {} },
      english: 'The API does not answer.',
      portuguese: 'A API não responde.',
    },
  ])('/ says plainly what is wrong with $what', async ({ answer, english, portuguese }) => {
    const page = await visitor()
    await page.route('**/api/visit', (route) => route.fulfill(answer))

    await page.goto(system.url)
    await page.locator('#figures[data-state=failed]').waitFor()
    const first = await page.locator('#status').textContent()
    await page.getByText('Português', { exact: true }).click()
    const second = await page.locator('#status').textContent()

    expect(first).toBe(`${english} This page keeps trying.`)
    expect(second).toBe(`${portuguese} Esta página continua tentando.`)
    expect(await page.locator('#count').textContent()).toBe('—')
  })

  test('/ asks nobody but its origin, and works without complaint under a strict CSP', async () => {
    const page = await visitor()
    const asked: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    await page.route('**/*', async (route) => {
      const response = await route.fetch()
      const headers = { ...response.headers(), 'content-security-policy': STRICT_CSP }
      await route.fulfill({ response, headers })
    })

    await page.goto(system.url)
    await shownCount(page)
    await page.getByText('Português', { exact: true }).click()
    await page.getByText('Visitas únicas hoje').waitFor()
    await page.goto(`${system.url}/favicon.svg`)

    const elsewhere = asked.filter((url) => new URL(url).origin !== new URL(system.url).origin)
    expect(asked).toContain(`${system.url}/page.js`)
    expect(asked).toContain(`${system.url}/style.css`)
    expect(elsewhere).toEqual([])
    expect(complaints).toEqual([])
  })

  const looks = [360, 1280].flatMap((width) =>
    ['pt-BR', 'en-US'].flatMap((locale) =>
      (['light', 'dark'] as const).map((colorScheme) => ({ width, locale, colorScheme })),
    ),
  )

  test.each(looks)('/ fits $width px, $locale, $colorScheme', async (look) => {
    const { width, locale, colorScheme } = look
    const page = await visitor({ viewport: { width, height: 800 }, locale, colorScheme })
    await page.route('**/api/visit', async (route) => {
      const answer = await (await route.fetch()).json()
      await route.fulfill({ json: { ...answer, unique_visits: 1_234_567 } })
    })

    await page.goto(system.url)
    await shownCount(page)
    const [content, view, paper] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
      getComputedStyle(document.body).backgroundColor,
    ])
    await screenshot(page, Object.values(look).join('-'))

    expect(view).toBe(width)
    expect(content).toBeLessThanOrEqual(width)
    expect(brightness(String(paper)) > 128).toBe(colorScheme === 'light')
  })
})

/** Waits for live numbers; the count as a reader of English or Portuguese sees it. */
async function shownCount(page: Page): Promise<number> {
  await page.locator('#figures[data-state=live]').waitFor({ timeout: SLOW })
  return Number((await page.locator('#count').innerText()).replace(/[.,]/g, ''))
}

async function barHeights(page: Page): Promise<number[]> {
  const bars = await page.locator('#plot .bar').all()
  return Promise.all(bars.map(async (bar) => Number(await bar.getAttribute('height'))))
}

function lastDays(count: number): string[] {
  const today = Date.parse(new Date().toISOString().slice(0, 10))
  return Array.from({ length: count }, (_, age) =>
    new Date(today - (count - 1 - age) * 86_400_000).toISOString().slice(0, 10),
  )
}

function brightness(color: string): number {
  const parts = color.match(/\d+/g)?.slice(0, 3).map(Number) ?? []
  return parts.reduce((sum, part) => sum + part, 0) / 3
}

/** For eyes: written only when SCREENSHOTS names a folder. */
async function screenshot(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true })
}
