import type { Config } from '../base/config.ts';
import type { AddressRules } from './address.ts';

/** What this process lets itself speak to: in production nothing but public servers, over https. */
export function addressRules({ production }: Pick<Config, 'production'>): AddressRules {
  return { allowHttp: !production, allowLoopback: !production };
}
