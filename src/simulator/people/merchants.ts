/** Somewhere to pay: the bank statement's words and the plain name. */
export type Shop = readonly [description: string, merchant: string];

/** Whom people of a country pay. Each list has at least one entry. */
export interface HighStreet {
  readonly groceries: readonly Shop[];
  readonly cafes: readonly Shop[];
  readonly restaurants: readonly Shop[];
  readonly transport: readonly Shop[];
  readonly fuel: readonly Shop[];
  readonly pharmacies: readonly Shop[];
  readonly energy: Shop;
  readonly water: Shop;
  readonly telecom: Shop;
  readonly insurance: Shop;
  readonly tax: Shop;
  readonly gym: Shop;
  readonly landlord: string;
  readonly employers: readonly string[];
  readonly cash: string;
  /** Whether purchases get a classification: only in some countries. */
  readonly classified: boolean;
}

/** Shops without a country. */
// prettier-ignore
export const ONLINE: readonly Shop[] = [
  ['AMZNMktplace', 'Amazon'], ['PAYPAL *EBAY', 'eBay'], ['ASOS.COM', 'ASOS'], ['IKEA', 'IKEA'],
  ['ZALANDO', 'Zalando'], ['ETSY.COM', 'Etsy'], ['DECATHLON', 'Decathlon'],
];

/** Monthly subscriptions: the shop, its day of the month, its price and what it is. */
export const SUBSCRIPTIONS: readonly (readonly [Shop, day: number, minor: number, sub: string])[] =
  [
    [['NETFLIX.COM', 'Netflix'], 7, 1099, 'TV & Music'],
    [['Spotify P2F3A1', 'Spotify'], 11, 1199, 'TV & Music'],
    [['AMAZON PRIME', 'Amazon Prime'], 14, 899, 'Shopping clubs'],
    [['APPLE.COM/BILL', 'Apple'], 19, 299, 'Electronics & Software'],
  ];

// prettier-ignore
const BRITAIN: HighStreet = {
  groceries: [['TESCO STORES 2931', 'Tesco'], ['SAINSBURYS S/MKTS', 'Sainsburys'], ['LIDL GB LONDON', 'Lidl'], ['ALDI STORES', 'Aldi'], ['CO-OP GROUP FOOD', 'Co-op']],
  cafes: [['PRET A MANGER', 'Pret A Manger'], ['COSTA COFFEE 4302', 'Costa'], ['GREGGS PLC', 'Greggs'], ['MONMOUTH COFFEE', 'Monmouth Coffee']],
  restaurants: [['NANDOS', 'Nandos'], ['DISHOOM', 'Dishoom'], ['WAGAMAMA', 'Wagamama'], ['THE CROWN INN', 'The Crown Inn'], ['DELIVEROO', 'Deliveroo']],
  transport: [['TFL TRAVEL CH', 'TfL'], ['TRAINLINE', 'Trainline'], ['UBER *TRIP', 'Uber']],
  fuel: [['SHELL CANARY WHARF', 'Shell'], ['BP CONNECT', 'BP']],
  pharmacies: [['BOOTS 1182', 'Boots'], ['SUPERDRUG', 'Superdrug']],
  energy: ['OCTOPUS ENERGY', 'Octopus Energy'], water: ['THAMES WATER', 'Thames Water'], telecom: ['EE LIMITED', 'EE'],
  insurance: ['AVIVA', 'Aviva'], tax: ['LB HACKNEY COUNCIL', 'Hackney Council'], gym: ['PUREGYM LTD', 'PureGym'],
  landlord: 'M PATEL RENT', employers: ['ACME WIDGETS LTD', 'NORTHWIND TRADERS', 'CITY OF LONDON CORP'], cash: 'LNK ATM WITHDRAWAL', classified: true,
};

// prettier-ignore
const EUROPE: HighStreet = {
  groceries: [['LIDL', 'Lidl'], ['ALDI', 'Aldi'], ['SPAR', 'Spar']],
  cafes: [['STARBUCKS', 'Starbucks'], ['CAFE CENTRAL', 'Café Central']],
  restaurants: [['VAPIANO', 'Vapiano'], ['MCDONALDS', 'McDonalds'], ['LIEFERANDO', 'Takeaway.com']],
  transport: [['UBER *TRIP', 'Uber'], ['FLIXBUS', 'FlixBus']],
  fuel: [['SHELL', 'Shell'], ['TOTALENERGIES', 'TotalEnergies']],
  pharmacies: [['APOTEKA', 'Apoteka'], ['ROSSMANN', 'Rossmann']],
  energy: ['ENGIE', 'Engie'], water: ['VEOLIA', 'Veolia'], telecom: ['VODAFONE', 'Vodafone'],
  insurance: ['ALLIANZ', 'Allianz'], tax: ['CITY TAX OFFICE', 'City tax office'], gym: ['BASIC-FIT', 'Basic-Fit'],
  landlord: 'RENT FLAT 4B', employers: ['ACME EUROPE', 'NORTHWIND EU'], cash: 'ATM WITHDRAWAL', classified: false,
};

// prettier-ignore
const BY_COUNTRY: ReadonlyMap<string, HighStreet> = new Map<string, HighStreet>([
  ['uk', BRITAIN],
  ['ie', { ...EUROPE, groceries: [['DUNNES STORES', 'Dunnes'], ['SUPERVALU', 'SuperValu'], ['TESCO IRELAND', 'Tesco']], transport: [['LEAP TOP-UP', 'Leap Card'], ['IRISH RAIL', 'Irish Rail']], energy: ['ELECTRIC IRELAND', 'Electric Ireland'], telecom: ['EIR', 'eir'], classified: true }],
  ['de', { ...EUROPE, groceries: [['REWE SAGT DANKE', 'REWE'], ['EDEKA', 'Edeka'], ['LIDL DIENSTLEISTUNG', 'Lidl'], ['DM DROGERIEMARKT', 'dm']], transport: [['DB VERTRIEB GMBH', 'Deutsche Bahn'], ['BVG TICKET', 'BVG']], energy: ['E.ON ENERGIE', 'E.ON'], telecom: ['TELEKOM DEUTSCHLAND', 'Telekom'], landlord: 'MIETE WOHNUNG 12', cash: 'BARGELDAUSZAHLUNG' }],
  ['fr', { ...EUROPE, groceries: [['CARREFOUR CITY', 'Carrefour'], ['MONOPRIX', 'Monoprix'], ['E.LECLERC', 'Leclerc']], transport: [['SNCF CONNECT', 'SNCF'], ['RATP', 'RATP']], energy: ['EDF CLIENTS', 'EDF'], telecom: ['ORANGE SA', 'Orange'], landlord: 'LOYER APPARTEMENT', cash: 'RETRAIT DAB', classified: true }],
  ['es', { ...EUROPE, groceries: [['MERCADONA', 'Mercadona'], ['DIA', 'Dia'], ['CARREFOUR', 'Carrefour']], transport: [['RENFE', 'Renfe'], ['EMT MADRID', 'EMT']], energy: ['IBERDROLA', 'Iberdrola'], telecom: ['MOVISTAR', 'Movistar'], landlord: 'ALQUILER PISO', cash: 'REINTEGRO CAJERO' }],
  ['it', { ...EUROPE, groceries: [['ESSELUNGA', 'Esselunga'], ['COOP', 'Coop'], ['CONAD', 'Conad']], transport: [['TRENITALIA', 'Trenitalia'], ['ATM MILANO', 'ATM']], energy: ['ENEL ENERGIA', 'Enel'], telecom: ['TIM', 'TIM'], landlord: 'AFFITTO', cash: 'PRELIEVO BANCOMAT' }],
  ['nl', { ...EUROPE, groceries: [['ALBERT HEIJN 1521', 'Albert Heijn'], ['JUMBO', 'Jumbo'], ['HEMA', 'HEMA']], transport: [['NS REIZIGERS', 'NS'], ['OV-CHIPKAART', 'OV-chipkaart']], energy: ['VATTENFALL', 'Vattenfall'], telecom: ['KPN', 'KPN'], landlord: 'HUUR WONING' }],
  ['pl', { ...EUROPE, groceries: [['BIEDRONKA', 'Biedronka'], ['ZABKA Z4412', 'Zabka'], ['LIDL POLSKA', 'Lidl']], transport: [['PKP INTERCITY', 'PKP Intercity'], ['ZTM WARSZAWA', 'ZTM']], energy: ['TAURON', 'Tauron'], telecom: ['PLAY', 'Play'], landlord: 'CZYNSZ', cash: 'WYPLATA BANKOMAT' }],
]);

/** The high street of a country; a common European one where it has none of its own. */
export function highStreetOf(country: string): HighStreet {
  return BY_COUNTRY.get(country) ?? EUROPE;
}
