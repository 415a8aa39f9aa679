import type { JWK } from 'jose';

/**
 * The RSA key that signs simulated access tokens, and nothing else. It is published here on
 * purpose: an RSA key cannot be made from a seed, and tokens must stay good when the simulator
 * restarts. Whoever reads it can forge tokens for a bank that does not exist.
 */
export const SIGNING_KEY: JWK & { readonly kid: string; readonly x5t: string } = {
  kty: 'RSA',
  n: 'u03g8ZAsTvI7motq7C-TIVPFsHTDZkJ7V-gFEvNFDLyy0vEM0vZ6sDSRr0h0VGkLEcXCpOP6fdi5yCTwGZbQ2dl48yGcXlXpJXItGHGS2az6zYi8hXV9wzeTBb5G6XJqd9vFf0GaL8rCjJtxJnyH0R0am-BLBHkN1s0jT26U2XNmdkyBeCFPlZUi3YnXuOF5vPXhyJIEoVCDBMXXeuxgohaO1C8kb82bQK5AHHWty6nOZ_kgULyhtVRGA9-X0RXXnJ9w_C-J5ScQRk2hHQP4QszIhUJh0Zd0zzjEVCIfdMSMRHDKVO7I_6IXqwD3thqUsc9WoxTUxXYM5o12KURPZw',
  e: 'AQAB',
  d: 'C5nAM9XlGKKiFGlMHwK3TxocJVil_YBimUgygED25toNDUmGrM49PQqUd1G6ervixqAD9Sh1jDPPFdlL0Znop4Vzm0NapvEVNo-CwX_PQ5IWGoK8gluLhXq8rV9ijvTaKUBAVChg_1LEh-bctDCETOxLiJn0q3s_4yzjYfkMWQdUbYEcHTLN4PggL7c5qAPH7k82QMHU1gxFwS3X18Ya7aXUWA0hhKADnkn6fv0BZB51jWeJZ3H4wbFYPv61QHUiX7gH0oZYWRfCr7sbtaqquN_7p8_3Z91s9tiI5hu-ynVt5yM6zqf2RidJbyfYM4mESmEvJRcZbMMsi9UrxPw5iQ',
  p: '8rq9YRsaIKtmtVwnMAvIL1mK3PqNfrbRHFRHgIzTBIVU4-dszZr7rkjGcKADyIh8JrZeA_z6DBkwV2XGocnL2IypWPWQhcBqVKbmjJ3fcUCKVMGVqT2FYBIzv9-p3h7c2KBOIl91oC_lRmKTv7N4_RLTgyWf8NgZ5u_z86bWEkM',
  q: 'xYtnKg6C69Kn9AsKZaCFNNAUAplphfyXgZd67rMx-c1d9Hi-dL3kY8XKXth-vOPTjJUXv52nc6LyDD0piGchdAC8aftCDzdWAZlcZLxL6-LelFI8cXJGoP0A_z4gR4Dnnag5_tAmiuCq_qpLE1e65ONSQvrjCmiPd7OC5JKz9g0',
  dp: 'P8vXBJPD_TwvhZFP92_RUKifN89eqyRPt7trA51_xNtqYXAtB6kpZzhXd7iG5gkBYIdkFHZEHjPsobvtRg6s1iC6TdhVAOJ-z_sB84l29eQ5t2cd99pkmMiP82lM00WXVBRmFOC0IMMV5rb4EFWSgimVkA2uiPWzcSA2JR7_etM',
  dq: 'itkg-f6ZJwg55N6dwDDDcAuRBQKvmO2h0ASY844gYmRm1Z7Iv2V5UmeDhobFDh9UYkupFZXKTQ0K9G9I8gcLDG44AIYKOIe8fAM_Xc67zmD38Wib82FPI3ixarZQGfIQ2k-T8_Z6IMMpbTZk7oOLabYd69ZMHtS_gnM6XU6AD0E',
  qi: 't3z-nULVh-VLqOBD6WPZnXQGexbPxw20h5ir25kyP0FmM9fBZmlQazqr9-ohdzjS5NJiIqxpecI8CHTzc5BVlkZKc3TQMhPdYEnBnjI8kG5v5W7_rpWAn0LiPnrCC6t_nl_7ptzYCqLPKR9k148VYB54CD3jYrjKigRMCjOXAT4',
  alg: 'RS256',
  kid: '9F89022F126F93D170BD7FBF267A7EA5C1F3426ERS256',
  x5t: 'n4kCLxJvk9FwvX-_Jnp-pcHzQm4',
};
