import { SCOPES, USUAL, type Bank, type BankTraits } from './bank.ts';

/**
 * Every simulated bank, one row each: the wire's own ids, and traits taken from what is known of
 * the real ones (Monzo's five minutes and 88 days, Revolut's accounts that are listed only then,
 * Amex without accounts, Wise without a name). `ob-quirky` alone has no model: it has them all.
 */
// prettier-ignore
export const BANKS: readonly Bank[] = [
  uk('mock', 'Mock', '#6b2fb5', 'CLRB', SCOPES.all, { sortCode: '01-21-31', normalisedIds: false, providerIds: false, runningBalance: 'reversed' }),
  uk('ob-monzo', 'Monzo', '#ff4f40', 'MONZ', SCOPES.noCards, { sortCode: '04-00-04', windowSeconds: 300, laterDays: 88, refusal: 'access_denied', timestamps: 'instant', runningBalance: 'never', latencyMilliseconds: 140 }),
  uk('ob-lloyds', 'Lloyds', '#006a4d', 'LOYD', SCOPES.all, { sortCode: '30-90-89', timestamps: 'midnight-no-zone', onlyInWindow: ['direct_debits', 'standing_orders'] }),
  uk('ob-barclays', 'Barclays', '#00aeef', 'BUKB', SCOPES.all, { sortCode: '20-45-45', latencyMilliseconds: 260, timestamps: 'midnight-offset', accessTokenSeconds: 1500, joint: true }),
  uk('ob-hsbc', 'HSBC', '#db0011', 'HBUK', SCOPES.all, { sortCode: '40-11-60', latencyMilliseconds: 320, foreignCurrencies: ['EUR'] }),
  uk('ob-natwest', 'NatWest', '#42145f', 'NWBK', SCOPES.all, { sortCode: '60-16-13', timestamps: 'instant-seven-digits', runningBalance: 'sometimes' }),
  uk('ob-santander', 'Santander', '#ec0000', 'ABBY', SCOPES.all, { sortCode: '09-01-28', refusal: 'access_denied' }),
  uk('ob-nationwide', 'Nationwide', '#011546', 'NAIA', SCOPES.all, { sortCode: '07-01-16', pending: false, asynchronous: false }),
  uk('ob-revolut', 'Revolut', '#191c1f', 'REVO', SCOPES.noCards, { sortCode: '04-00-75', windowSeconds: 300, onlyInWindow: ['accounts'], foreignCurrencies: ['EUR', 'JPY', 'KWD'], timestamps: 'instant', latencyMilliseconds: 120 }),
  uk('ob-amex', 'American Express', '#006fcf', 'AMEX', SCOPES.cardsOnly, { normalisedIds: false, runningBalance: 'never', timestamps: 'midnight-offset' }),
  uk('ob-starling', 'Starling', '#6935d3', 'SRLG', SCOPES.plain, { sortCode: '60-83-71', timestamps: 'instant', runningBalance: 'never', foreignCurrencies: ['EUR'], transactionIds: 'changing' }),
  uk('ob-halifax', 'Halifax', '#005eb8', 'HLFX', SCOPES.all, { sortCode: '11-03-77', windowSeconds: 300, refusal: 'invalid_date_range', longestRangeDays: 730, onlyInWindow: ['direct_debits', 'standing_orders'] }),
  uk('ob-bos', 'Bank of Scotland', '#003d7c', 'BOFS', SCOPES.all, { sortCode: '80-22-60', onlyInWindow: ['direct_debits', 'standing_orders'] }),
  uk('ob-rbs', 'Royal Bank of Scotland', '#3c1053', 'RBOS', SCOPES.all, { sortCode: '83-04-25', timestamps: 'instant-seven-digits' }),
  uk('ob-ulster', 'Ulster Bank', '#1b365d', 'ULSB', SCOPES.all, { sortCode: '98-00-10', runningBalance: 'sometimes' }),
  uk('ob-tsb', 'TSB', '#0072ce', 'TSBS', SCOPES.all, { sortCode: '77-01-09', accessTokenSeconds: 1500 }),
  uk('ob-first-direct', 'first direct', '#1a1a1a', 'MIDL', SCOPES.cardsButNoOrders, { sortCode: '40-47-60' }),
  uk('ob-tesco', 'Tesco Bank', '#00539f', 'TESB', SCOPES.all, { sortCode: '40-64-00', pending: false, runningBalance: 'never' }),
  uk('ob-virgin-money', 'Virgin Money', '#c40202', 'CLYD', SCOPES.all, { sortCode: '82-11-07', latencyMilliseconds: 400 }),
  uk('ob-yorkshire-building-society', 'Yorkshire Building Society', '#00594f', 'YBSL', SCOPES.standingOrdersOnly, { sortCode: '60-92-04', maxHistoryMonths: 24, providerIds: false, pending: false }),
  uk('ob-danske', 'Danske Bank', '#003755', 'DABA', SCOPES.noInfo, { sortCode: '95-01-21', normalisedIds: false }),
  uk('ob-transferwise', 'Wise', '#163300', 'TRWI', SCOPES.noInfo, { sortCode: '23-14-70', foreignCurrencies: ['EUR', 'JPY'], timestamps: 'instant', pending: false }),
  uk('ob-tide', 'Tide', '#1929d6', 'CLRB', SCOPES.noCards, { sortCode: '04-06-05', timestamps: 'instant' }),
  uk('ob-capital-one', 'Capital One', '#004977', 'CAPO', SCOPES.cardsOnly, { runningBalance: 'never' }),
  uk('ob-barclaycard', 'Barclaycard', '#006de3', 'BARC', SCOPES.cardsOnlyNoInfo, { normalisedIds: false }),
  uk('ob-mbna', 'MBNA', '#1d4f91', 'MBNA', SCOPES.cardsOnlyNoInfo, { pending: false }),

  uk('ob-quirky', 'Quirky Bank', '#b3006b', 'QRKY', SCOPES.all, {
    sortCode: '99-99-99', windowSeconds: 300, laterDays: 60, refusal: 'access_denied', longestRangeDays: 190,
    onlyInWindow: ['info', 'direct_debits', 'standing_orders'], accessTokenSeconds: 300, latencyMilliseconds: 250,
    timestamps: 'instant-seven-digits', transactionIds: 'changing', accountIds: 'per-consent',
    runningBalance: 'sometimes', foreignCurrencies: ['EUR', 'JPY', 'KWD'], joint: true,
  }),

  euro('xs2a-deutsche-bank', 'Deutsche Bank', 'de', '#0018a8', 'DEUT', { normalisedIds: false }),
  euro('xs2a-commerzbank', 'Commerzbank', 'de', '#ffcc33', 'COBA', { pending: false }),
  euro('xs2a-sparkasse', 'Sparkasse', 'de', '#ff0000', 'SPKD', { latencyMilliseconds: 400, runningBalance: 'never', accountIds: 'per-consent' }),
  euro('xs2a-n26-de', 'N26', 'de', '#36a18b', 'NTSB', { timestamps: 'instant', windowSeconds: 900, onlyInWindow: ['info'] }),
  euro('stet-credit-agricole', 'Crédit Agricole', 'fr', '#007d8f', 'AGRI', {
    refusal: 'access_denied',
    branches: [
      ['stet-credit-agricole-alpes-provence', 'Crédit Agricole Alpes Provence'],
      ['stet-credit-agricole-alsace-vosges', 'Crédit Agricole Alsace Vosges'],
      ['stet-credit-agricole-ile-de-france', "Crédit Agricole d'Ile-de-France"],
    ],
  }),
  euro('stet-bnp-paribas', 'BNP Paribas', 'fr', '#00965e', 'BNPA', { accessTokenSeconds: 1500 }),
  euro('stet-boursobank', 'BoursoBank', 'fr', '#d20073', 'BOUS', { pending: false }),
  euro('xs2a-bbva-es', 'BBVA', 'es', '#004481', 'BBVA', { timestamps: 'instant' }),
  euro('ob-caixabank-es', 'CaixaBank', 'es', '#007eae', 'CAIX', {}),
  euro('xs2a-intesa-sanpaolo', 'Intesa Sanpaolo', 'it', '#258900', 'BCIT', { runningBalance: 'never' }),
  euro('xs2a-unicredit-it', 'UniCredit', 'it', '#e2001a', 'UNCR', { pending: false }),
  euro('xs2a-boi', 'Bank of Ireland', 'ie', '#0000ff', 'BOFI', { normalisedIds: false, accountIds: 'per-consent', joint: true }),
  euro('xs2a-aib', 'Allied Irish Banks', 'ie', '#7f2b7b', 'AIBK', { refusal: 'invalid_date_range' }),
  euro('xs2a-ing-nl', 'ING', 'nl', '#ff6200', 'INGB', { windowSeconds: 900 }),
  euro('xs2a-rabobank', 'Rabobank', 'nl', '#000066', 'RABO', { pending: false }),
  euro('xs2a-pko-bank-polski', 'PKO Bank Polski', 'pl', '#004b8d', 'BPKO', { currency: 'PLN' }),
  euro('xs2a-millennium-bcp', 'Millennium BCP', 'pt', '#d1005d', 'BCOM', {}),
  euro('xs2a-kbc', 'KBC', 'be', '#00aeef', 'KRED', { runningBalance: 'sometimes' }),
  euro('xs2a-s-pankki-fi', 'S-Pankki', 'fi', '#006f45', 'SBAN', { pending: false }),
  euro('xs2a-erste-at', 'Erste Bank', 'at', '#2870ed', 'GIBA', {}),
  euro('xs2a-swedbank-lt', 'Swedbank', 'lt', '#ee7023', 'HABA', { normalisedIds: false }),
];

type Traits = Partial<Pick<Bank, 'currency' | 'sortCode' | 'branches'> & BankTraits>;

function uk(
  id: string,
  name: string,
  colour: string,
  letters: string,
  scopes: readonly string[],
  traits: Traits,
): Bank {
  return {
    ...USUAL,
    currency: 'GBP',
    sortCode: '20-00-00',
    id,
    name,
    country: 'uk',
    colour,
    letters,
    scopes,
    ...traits,
  };
}

function euro(
  id: string,
  name: string,
  country: string,
  colour: string,
  letters: string,
  traits: Traits,
): Bank {
  const scopes = SCOPES.plain;
  return {
    ...USUAL,
    currency: 'EUR',
    sortCode: '',
    timestamps: 'midnight-local',
    consentSeconds: 180 * 86_400,
    id,
    name,
    country,
    colour,
    letters,
    scopes,
    ...traits,
  };
}
