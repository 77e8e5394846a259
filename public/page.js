// The whole page in one file, because a browser reads it as it stands: what it says in each
// language, the plot, the rounds of questions to the API, the switch, and at the end the start.

/** @typedef {'en' | 'pt-BR'} Lang */
/** @typedef {{ date: string, unique_visits: number }} Day */
/** @typedef {Day & { hostname: string }} Visit */
/** @typedef {'down' | 'Database not configured' | 'Database unavailable'} Failure */

const REFRESH_MS = 15_000
const RETRY_MS = 3_000
const TIMEOUT_MS = 5_000
const PLOT = { width: 300, height: 160 }

const texts = {
  en: {
    title: 'dockerswarmp1: three small servers, one Docker Swarm',
    down: 'The API does not answer.',
    'Database not configured': 'The API answers, but no database is configured.',
    'Database unavailable': 'The API answers, but its database is unavailable.',
    stale: ' The numbers below are the last ones received.',
    retry: ' This page keeps trying.',
    visit: 'unique visit',
    visits: 'unique visits',
    plot: 'Bar chart of the unique visits of each day. Today: {today}. Highest day: {top}.',
  },
  'pt-BR': {
    title: 'dockerswarmp1: três servidores pequenos, um Docker Swarm',
    down: 'A API não responde.',
    'Database not configured': 'A API responde, mas não há banco de dados configurado.',
    'Database unavailable': 'A API responde, mas o banco de dados está indisponível.',
    stale: ' Os números abaixo são os últimos recebidos.',
    retry: ' Esta página continua tentando.',
    visit: 'visita única',
    visits: 'visitas únicas',
    plot: 'Gráfico de barras das visitas únicas de cada dia. Hoje: {today}. Maior dia: {top}.',
  },
}

/** @type {Lang} */
let lang = 'en'
/** @type {Visit | undefined} */
let visit
/** @type {Day[]} */
let days = []
/** @type {Failure | undefined} */
let failure
let drawn = ''
let busy = false
let timer = 0

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id))

/** @param {string} id @param {string} text */
function write(id, text) {
  // The same text written again would be read aloud again.
  if (byId(id).textContent !== text) byId(id).textContent = text
}

/** @param {number} n */
const number = (n) => new Intl.NumberFormat(lang).format(n)

/** @param {number} n */
const visits = (n) => `${number(n)} ${n === 1 ? texts[lang].visit : texts[lang].visits}`

/** @param {string} day @param {Intl.DateTimeFormatOptions} [style] */
const dayText = (day, style = { dateStyle: 'long' }) =>
  new Intl.DateTimeFormat(lang, { timeZone: 'UTC', ...style }).format(new Date(day))

/**
 * @param {string} name
 * @param {Record<string, unknown>} attributes
 * @param {...(Node | string)} inside
 */
function svg(name, attributes, ...inside) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, `${value}`)
  element.append(...inside)
  return element
}

/** @param {Day} day @param {number} index @param {number} top */
function bar({ date, unique_visits: count }, index, top) {
  const width = PLOT.width / days.length
  const x = index * width
  // One visit beside a huge day stays visible; a day without visits is a mark on the base line.
  const height = count === 0 ? 2.5 : Math.max(7, (count / top) * PLOT.height)
  const name = index === days.length - 1 ? 'bar now' : 'bar'
  return svg(
    'g',
    {},
    svg('title', {}, `${dayText(date)}: ${visits(count)}`),
    svg('rect', { class: 'hit', x, y: 0, width, height: PLOT.height }),
    svg('rect', { class: name, x, y: PLOT.height - height, width: width * 0.72, height }),
  )
}

/** The plot for those who do not see it. */
function table() {
  const element = document.createElement('table')
  for (const { date, unique_visits } of days) {
    const row = element.insertRow()
    const head = document.createElement('th')
    head.scope = 'row'
    head.textContent = dayText(date)
    row.append(head)
    row.insertCell().textContent = visits(unique_visits)
  }
  return element
}

function drawPlot() {
  const [first, last] = [days[0], days.at(-1)]
  const wanted = lang + JSON.stringify(days)
  if (!first || !last || wanted === drawn) return
  drawn = wanted
  const top = Math.max(...days.map((day) => day.unique_visits))
  const label = texts[lang].plot
    .replace('{today}', number(last.unique_visits))
    .replace('{top}', number(top))
  byId('plot').replaceChildren(...days.map((day, index) => bar(day, index, top)))
  byId('plot').setAttribute('aria-label', label)
  byId('plot').removeAttribute('aria-hidden')
  byId('table').replaceChildren(table())
  write('top', top > 0 ? number(top) : '')
  write('first', dayText(first.date, { day: 'numeric', month: 'short' }))
  write('last', dayText(last.date, { day: 'numeric', month: 'short' }))
}

function render() {
  const { [failure ?? 'down']: problem, stale, retry } = texts[lang]
  write('status', failure ? problem + (visit ? stale : '') + retry : '')
  byId('figures').dataset.state = failure ? 'failed' : visit ? 'live' : 'waiting'
  drawPlot()
  if (!visit) return
  const digits = number(visit.unique_visits)
  write('count', digits)
  byId('count').dataset.size = digits.length > 6 ? 'long' : digits.length > 3 ? 'medium' : 'short'
  write('date', dayText(visit.date))
  byId('date').setAttribute('datetime', visit.date)
  write('hostname', visit.hostname)
}

/** @param {any} day @returns {boolean} */
const isDay = (day) => Number.isInteger(day?.unique_visits) && !Number.isNaN(Date.parse(day.date))

/** @param {string} path @returns {Promise<any>} */
async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: 'no-store' })
  const body = await answer.json()
  if (answer.status === 200) return body
  throw new Error(answer.status === 503 ? body.error : 'down')
}

async function askAll() {
  // In this order: the day's bar already holds the visit that the first call counted.
  const today = await ask('/api/visit')
  const month = (await ask('/api/visits?days=30')).days
  if (!isDay(today) || !month.every(isDay)) throw new Error('down')
  visit = today
  days = month
}

/** @param {unknown} error @returns {Failure} */
function reason(error) {
  const message = error instanceof Error ? error.message : ''
  return message === 'Database not configured' || message === 'Database unavailable'
    ? message
    : 'down'
}

async function refresh() {
  if (busy || document.hidden) return
  clearTimeout(timer)
  busy = true
  failure = await askAll().then(() => undefined, reason)
  busy = false
  timer = window.setTimeout(refresh, failure ? RETRY_MS : REFRESH_MS)
  render()
}

/** @returns {Lang} */
function preferred() {
  // Storage may be closed to us, and then reading it throws.
  try {
    const kept = localStorage.getItem('lang')
    if (kept === 'en' || kept === 'pt-BR') return kept
  } catch {}
  return navigator.languages.find((name) => /^(en|pt)\b/.test(name))?.startsWith('pt')
    ? 'pt-BR'
    : 'en'
}

/** @param {Lang} chosen */
function speak(chosen) {
  lang = chosen
  document.documentElement.lang = chosen
  document.title = texts[chosen].title
}

/** @param {Event} event */
function switchLanguage({ target }) {
  if (!(target instanceof HTMLInputElement)) return
  speak(target.value === 'pt-BR' ? 'pt-BR' : 'en')
  render()
  try {
    localStorage.setItem('lang', lang)
  } catch {}
}

function start() {
  for (const origin of document.querySelectorAll('.origin')) origin.textContent = location.origin
  document.addEventListener('change', switchLanguage)
  document.addEventListener('visibilitychange', refresh)
  render()
  refresh()
}

// Only the switch stands above this script; what it speaks about comes further down.
speak(preferred())
byId(lang === 'en' ? 'lang-en' : 'lang-pt').setAttribute('checked', '')
document.addEventListener('DOMContentLoaded', start)
