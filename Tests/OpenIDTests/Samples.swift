/// Keys and tokens that were made once for these tests, with the `cryptography` package of Python.
enum Samples {
    /// Shortly after all tokens were made.
    static let now = 1_800_000_000.0
    static let issuer = "https://issuer.example.org/tenant"

    /// The names of the algorithms, each with a token that a key of `keys` has signed.
    static let tokens = [
        "RS256": """
        eyJhbGciOiAiUlMyNTYiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.U64pJioMBVPKjeoTLuc0JKxM6L1VlUQM7F_Oojtamg6mbqyD2gpkplaiIpnsj14fL91xytf-QPiUd-HFizFkl \
        TwyZpOpKbdOh5kzkh7J3r1HONNUbJ3POscQFWDAHYd2sQWb5qognZiO7VJC4N2Gm3uvIRpwyNeORDurvTfNVfK8Vk6-Bt9Z8QU0v9DvkRT4fem \
        N0SYqQw4ocmBz_pQadJi3yZvy4dbbxDY3TChUdQ2dd1h8OvfVJkplEYDxnKgZcyyJ7t5DBEeV5RMKZuM-ZD-fwobJarKiIF2NcjfXI7uqsjrsP \
        CNPEgxberpTiMVMAZtTqKE-UNjBW-IWGx10WA
        """,
        "RS384": """
        eyJhbGciOiAiUlMzODQiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.nuRZiCXWHLRLiExCoqMaSNxlZXx7l_iaroAXgxnmNvmyBvJkrDaHnMmb8db-8GyyhGPBeAGUqGOoXVF5wXhZE \
        y-YIlXt4sK6Cys_usz2XzazlIN-IEIWkw6jmgOuETliTAB9PGxJm1GuVz8pCC0DB5gjMRJpgvZefk5_0IMtT-O32_WeKvU_tG_8y-aic0_z6u9 \
        N73oN5RtpwmJtHQwK786tduD2i9LrodW264apv4PMwxW8ZA_hTW-2wKPfhHwah8th4oGHBK1hKyfhNC4KM7YJJo2DMuWwFe60vYv4ES90szS7q \
        I1dda3nmCqP7nY2w2EthgPNC-aeREARSUdCRA
        """,
        "RS512": """
        eyJhbGciOiAiUlM1MTIiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.ShSWj6fxKvS-MECEGbYptMO6R0ZowEW_la_eF0Wj9Yr5rxj2eJ0vVUxb-omic8V8MMaDjraizj-zvhBkl8MBj \
        6Lkgspx_p-cdne80M7BLnitWavP_-SPHzaClM4OB3rPi3hkxJdjmOkbQ7IgdJEKnUkRibRhRwqxc1jOb55g2Mv992sp45CnTr4oWL82Fi-Hy43 \
        kJwC3wlw3XAJNzpfao42uYNnyPQEPrqS3Rcqdo3dom-XD5siT0-LSaNiwteQJ0ADEZNxC5KOhHB5FGECIg0Nim1qY4OeDr0lTT1jyqtQSV0rNO \
        vGdaUUQ3zworllz2jZGm7U5a2RMa5xlUWDc-Q
        """,
        "PS256": """
        eyJhbGciOiAiUFMyNTYiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.qliVF_oZqaFgIbOMwZeuy1OLjRnhnEDevrp0t3YUNNGHFvqfL_WedDgTkkZ2QQPYw8eJNoKWoBLKwPHeYccpJ \
        ZzcjSHkjWhlhkP6ixYOevdS_CinYrP1Xxju-bmEsL2uJlS--6gCKer7wvkO95k9jF1_Hsv523LAW1YWu8S8maUFr5uJUdRGwD9C_RQxGNg1NPi \
        c6crTJPnkdxzntey4ucZ7WIDCl01_Js2M8BTJ98u6sAG35xxl8twpgd_mVtpCQd2FM5HxZjMAoz2VfjMU2lYKlMdzDQeXzhP0mKqsUABLWieBF \
        _zyajI9j48BQ1vTWuyGOALqn6TfKrg1neWr9w
        """,
        "PS384": """
        eyJhbGciOiAiUFMzODQiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.RlbHkQcvYdtRDSB8hXm1fhslOSZtVT7lwWNPFUugAJF5QBA51bcQnB-XBwj7yCGoYEiav61ZwQX3alxRZK0cs \
        PZ5Lf-ukd3ghcc4Xokj7kCLwc-zYKQI0ckGl-PxTT56wFcFM-KL_AT5CJOFwhAT63Zk7Bwx1xNG5Fs7gvNYwKCot1gSg5OR-RXXFDudqm08UE- \
        lHaXJN2cHc_ONn6uEwsEy8rlIWCzXRqUCN4MasShJtJtaycEhH_E2SYHwP1ADD_HtxtrsAnqkacpHPqnqh2K-mQiK4a-VpBCfzTsaz2aE6nOAo \
        fVuc7kgY0-oMokbOWWoi8eY1Fge6p0hyNF6wQ
        """,
        "PS512": """
        eyJhbGciOiAiUFM1MTIiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.QD6Rg2clowej8iFn-caO5lZ2jSqhgWfE9PNCiye29F535A_kIkHF_f2RTt9YohK1a20KkgY_HPTyR9J2Fbsdr \
        wt1pXo-yrSahB3l8jdAoKfMuF-B7V6rMiUZY_ug5NsYNVR5qiGDIAeuRVtgpv3r2JaKsJ4BjOvOcAWvdq1wz-c23EmTSrrLWIbQQwcedwsZXST \
        ZcpoDxypkCpkVpMkuuqsDv8pkUVPB7TJF8rwudqzAvstpQFVSdSWnudJ1TtFY_W6_EnaJ9LH3ILfp_AZWK8IhzPTttLZO-jOCRwqgiu3luAKNY \
        vpQv81AOflkjODAeDBT85KSuvFKKmTcuamuAw
        """,
        "ES256": """
        eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImstZXMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.F_nJbsCbCsMeS9cAydcIjpRY5A6p1e5a6V59E6l1RhvcszWVwYOLRGNDfk0a_AlWtYyAHuzMzFdEU0kXZl3Lw \
        g
        """,
        "ES384": """
        eyJhbGciOiAiRVMzODQiLCAia2lkIjogImstZXMzODQiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.SjmeIQL8PVtylAHgcdTMo9MO5pWwmiwPWTcWJM1EzS0qbOdGp4FfhWVV4DGwupU1qiZHVppRqiWaA4AWzRFVU \
        3F_DCTs2HDu7-QeVDmjQaMMAMQHQZPdPBe86F3AIDY8
        """,
        "EdDSA": """
        eyJhbGciOiAiRWREU0EiLCAia2lkIjogImstZWRkc2EiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.26d-jq_XSxCiy3SzdETt5hUPJat372ePr7ABZiUO-FqA5BDOkHof8dtCPi2EQPCSi4Lthh5_k5a4BoxjE9T1C \
        A
        """,
    ]

    /// Signed with the key of `newKeys`.
    static let new = """
        eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImstbmV3IiwgInR5cCI6ICJKV1QifQ.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vcmc \
        vdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCAiZ \
        XhwIjogMTgwMDAwMzYwMH0.syba5HKgI6U9vxdL_1nFBX2B7KUSesictAYw0Sm-DqCXGpeI4f3rk5lF6WtblGnJMpJ1qZcSDkrzhIDqVDFDdA
        """

    /// Signed with a key of P-256, and said to be signed by RSA.
    static let confused = """
        eyJhbGciOiAiUlMyNTYiLCAia2lkIjogImstZXMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.01ijNkvCCT0Aqc5hP7RUtrjv1vyc6yJCyVbSJncSSSQaZjk2UXJEBSvuOZygiRjYyZD2zrgl62KdUh466j7gZ \
        Q
        """

    /// Signed with a key of P-256, and said to be signed with the key of RSA.
    static let otherKind = """
        eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc \
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA \
        iZXhwIjogMTgwMDAwMzYwMH0.I6aeCW1zoERJRZ1T9kw_dGQk1R5uQV1rhLrrae0Wsk4-VNeI3E67dbFLvArGN-AQJnJ64kB4bd2bYLVbUAh4p \
        Q
        """

    /// Names no key.
    static let nameless = """
        eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vcmcvdGVuYW50IiwgImF1ZCI6I \
        CJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCAiZXhwIjogMTgwMDAwMzYwMH0 \
        .korSQiDNRuUHOqlapcKkPpPzj3Y7Z-Xnd_WlfAolCw2mlBMKabPdAea4_spU55wdQMB7_bvtab5_hMK3BQ0Kqw
        """

    /// One key of each kind.
    static let keys = #"""
        {"keys":[{"kty":"RSA","n":"syqwUWqDFM7pwMT4Hk5QG9_vQTR6LA7ngFAzu4KLGZAbVF_1lMgR1OlQpx8_E3FQm3mhMFcbiw0xMo8LMAT \#
        bqY171G-HHaGSoxYTMJ9IlzBXk_57XOdcxg44gtrBUDRlGJscpup3zORrtHwz8rbcuvKaRkwavRKeS6exDy0Qyy_btN59RTMMTL5Ws5Xt0_LkV \#
        PcA3OoS7LkZHC6RKeZ2dw8aAmS9IsgndvhDtUBIaz8inNVS9l_FokbmcF6yeXtmIJ22I5ykr1eVEgIzzI6mYo6LnLilIVzff7SbaXDUCgX3z3e \#
        VyMWnG0lUshlIM-yiEsF_0EzcBVbGFb8aapxLlQ","e":"AQAB","kid":"k-rs256","use":"sig"},{"kty":"EC","crv":"P-256","x" \#
        :"M9hGAi2K48zNzhSrMJT6YM7Y7VgBrADJNUi7l06hEP0","y":"fswfjgmv2bpRJCQjQqiQtvr3osdb74BUd_Vo5r7bpRA","kid":"k-es25 \#
        6","use":"sig"},{"kty":"EC","crv":"P-384","x":"1mgovxP90cISjPiMM4jboB8GHaiU2x7fmreQiFZuoufdgPOVApIPchqyfKtwyvQ \#
        k","y":"PB6HqzK80Lx7koh1BGxUspMZGb0XIlDnK4ayqHxIkVxik9yzJ01U5z941-kNZsV6","kid":"k-es384","use":"sig"},{"kty": \#
        "OKP","crv":"Ed25519","x":"sBvDIKnowaRnzD-Py7G9J4evIyDI05pKK_dUa0OVtCg","kid":"k-eddsa","use":"sig"}]}
        """#

    /// One key alone, which is none of the others.
    static let newKeys = #"""
        {"keys":[{"kty":"EC","crv":"P-256","x":"dugzlCOKRUX4d5rb4ucghxWv0Z9Lp5jepq5TgSpDg84","y":"lbaattV1ApywM2EJ6wWm \#
        kqW-eeQo5TCA84FNexOgLNM","kid":"k-new","use":"sig","alg":"ES256"}]}
        """#

    /// The key of RSA, for RS512 alone.
    static let pinnedKeys = #"""
        {"keys":[{"kty":"RSA","n":"syqwUWqDFM7pwMT4Hk5QG9_vQTR6LA7ngFAzu4KLGZAbVF_1lMgR1OlQpx8_E3FQm3mhMFcbiw0xMo8LMAT \#
        bqY171G-HHaGSoxYTMJ9IlzBXk_57XOdcxg44gtrBUDRlGJscpup3zORrtHwz8rbcuvKaRkwavRKeS6exDy0Qyy_btN59RTMMTL5Ws5Xt0_LkV \#
        PcA3OoS7LkZHC6RKeZ2dw8aAmS9IsgndvhDtUBIaz8inNVS9l_FokbmcF6yeXtmIJ22I5ykr1eVEgIzzI6mYo6LnLilIVzff7SbaXDUCgX3z3e \#
        VyMWnG0lUshlIM-yiEsF_0EzcBVbGFb8aapxLlQ","e":"AQAB","kid":"k-rs256","use":"sig","alg":"RS512"}]}
        """#

}
