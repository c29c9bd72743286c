/// Keys and tokens that were made once for these tests, with the `cryptography` package of Python.
enum Samples {
    /// Shortly after all tokens were made.
    static let now = 1_800_000_000.0
    static let issuer = "https://issuer.example.org/tenant"

    /// The names of the algorithms, each with a token that a key of `keys` has signed.
    static let tokens = [
        "RS256": """
        eyJhbGciOiAiUlMyNTYiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.OM4HrCitfLGU6bXvQvx1Bme5R-jxlKn0AmtFpMZ__laTvd-0MYahVkTih_UprGqA9Xz12b30fiWGZSHXnL6Br\
        CucjtsZWOIH9aWFdv1yfWM6aqD5_oHudkWHpGuS6SeCIpNCd3HlrF9SlzL46tLTzbpNjeByukkHI81-FJxcb5QLeO-VO4x1oSb4OzEewzgfKwe\
        j4XRA3LxkfZLubKA_6RDamxbYmZ261W_k5NXWrXxwLg-omvWJQpACRPtUwVybVHGRfVfITNAp8sEenqViKeCwnDXqKpsfLCnEKpU8o9OKTGyBv\
        pDXnW7Mn_VVw2x_rU5pedAOcYteaycAmnKndQ
        """,
        "RS384": """
        eyJhbGciOiAiUlMzODQiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.l4Ov1SWGJrHqYnL-k_ePUw4m4pUjN_rFk80weeDxt2oH7lTNDqZuXdS8br_8q9QqAoqUqKA_MTKiOc8BuUpcD\
        aPuz5NHawu4x44VJl02F7SEDqalPaK153lSbz6fuZmXwdML5kwqLT8g9m3tcmKcYIsSnUX3jp2474f0WU2gKDhfVNChagepDmlE1VX30YcQ1fy\
        wn2jF1SKVaqQrsGu5BFSAmnMp2rGbXBVuRvv4xKG_tmmoKXPp4LDThB_ol0b3TwR_oSyIH3ePesrpLk8e4Npl0dIIaM2Lmy1CgOmHcyi--_tXT\
        WyqKVU_kDIHr4uxtx0MPVvADoJS7UuPDw_zkA
        """,
        "RS512": """
        eyJhbGciOiAiUlM1MTIiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.HBCJVdG2PB-4c-ewKwH9rxpGRJlGIvJ_7AI3hBtwnBnlV2w7Msw4grTSjCKdJ7S66FXUcq_iX-X5JZjpsQ0Zy\
        JDifE-XEk657vDko80WZ-wgl4I-H4B1d-EZoTMT7bS855fBOrMaELjpx4FwyJWQ0AOy93-0me2PZU1RLZyjqh7cIZc9kbeDkEVtkC_vYdnTT4S\
        YDvPY67ORo0-c5hqHUvEpWhwjY-XJtlFj-LBsukLsvZ3bcOxsKEJJf-okhPnXyxLPHvZmX53T9tvw6Br-uyThBoiVLRzaQ0gBJ6TuI4SaLX-tn\
        W3Y0K8bxanHstiML5RkazLxN3zIrikwCGBGPw
        """,
        "PS256": """
        eyJhbGciOiAiUFMyNTYiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.l5IcLBJyxvcZLXPKqyWdVk1PSPBmaxOKYkCIDgKcK9j5WPUXO97nSu4FyavisH2gQEiAyNLp0pR92ofW-h4PX\
        1xlRVRnfpIXLcSAwTz9hoESe2D13qAmoXRHN6On4rMqbjv2TBu89MJ_RcU8kZNQa9eu07TUwihd-R2ZVdaiemozgcCZjaBHXCnb7Quwugx8Puu\
        KEuNKR2v5YcSRgDcVC8ZVVwazoSadYN_w-yLQY2k9fdYLAl2yOyusPNpunbBSeB0MwBemtDkVuSSjA_RxzFpmmLthv0-ntSO-1Bmf_oE2Td_Hb\
        PQe5tYXZ0_maiSouMUqSgiphlHxGJwZqSmgnA
        """,
        "PS384": """
        eyJhbGciOiAiUFMzODQiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.aHtRAXvJuAYGN_3erM5g2Sp1OFUbapjwRmkS2Ll7t_xavgyYenTRlyuGty3xDJos19bP9G7WyPYlzEx3Aq2KC\
        bKFcDHa9wJMEGILWUXu5qPJkKh4wpL9ykx22fVwOZDW2gQuECj61tKP8ALkdmuoJlJkBMvnZ6dvZIUfT4aeccChyisEqWK2s_WpLVSrgKuQP4v\
        83c-lwnavTPN5zkQk38dUKOAwvFzY8XkC3-YVC_9OIhCDUBiGUSd9arb67dpRBU2iAyw0WIgY1MPOIiewPanATh1dYCeA8i-GP_eKBZHZLEHoH\
        pgZDeV49MBGdjVP1Dvfagf_-4ZMkMr2oX288Q
        """,
        "PS512": """
        eyJhbGciOiAiUFM1MTIiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.FdHNSBvlE-am2Z8Cb1pxEaf8adQivFaLLwxClM9USW1mD7KjCeN6SKOnDvSGgv42bKXFaZ5-vSeQ4EJ_rO7YX\
        Y2e6vewYwu9c0pJWP-kzyF_dyAW2Mx9M0doM-GP7Mjg1qc5p5hwyIhoZvOW9mYrrlC_iuKW9iQnGstQPqB79pi2a7tl4OGTnWARyXtILq24bO_\
        g1tZWmL4brjjGNSWnzUJdcDSDXaEW8iiHUDYeYIx7BWBDTJLX56DfmtjHKeZM4JOnD7XBxiKkb7IHr15DH9Sf-QLE5DenBeIAVh00dqizSX0Su\
        uG21076ebOy9FYB5ak5uO4KhcF0E03k2FcTdQ
        """,
        "ES256": """
        eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImstZXMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.MNEINTPZkJ4akox3eoUKCaRo33MjMpPTLznpr-KjdNAjNrKgq3hbil3O--LBouUmZHaIEmSdKXGx1nMOD6c_G\
        A
        """,
        "ES384": """
        eyJhbGciOiAiRVMzODQiLCAia2lkIjogImstZXMzODQiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.aQAtgcnxygr2upBVWGqR5228GzBlgrfg86f4hLXNLYEImpoflgyIFaHMRFC4M44CbmSTUoBlE_AFWQsKFyOn-\
        fKz5jW8bR4fvsS_yrt3M0zIme8r0bBeUOoZyJFbamEb
        """,
        "EdDSA": """
        eyJhbGciOiAiRWREU0EiLCAia2lkIjogImstZWRkc2EiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.u7G0bQ7hDrSXYByTm0sGp5PrTrsf8OAsDuCfJW0GFpW_MMUtgAjdetlhyfYyM4m1mqp2_8BSypQJqrMSJu2ID\
        Q
        """,
    ]

    /// Signed with the key of `newKeys`.
    static let new = """
        eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImstbmV3IiwgInR5cCI6ICJKV1QifQ.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vcmc\
        vdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCAiZ\
        XhwIjogMTgwMDAwMzYwMH0.FGWFQGhrQXpgo39duj7COfxfova2ZKHiTKXEIRanKLaqv_gpDJ2uG6Ph7E2zN681AdnlPAEzmivjCh2sDB9eDA
        """

    /// Signed with a key of P-256, and said to be signed by RSA.
    static let confused = """
        eyJhbGciOiAiUlMyNTYiLCAia2lkIjogImstZXMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.0q4lk2SgLmZgg9vJ2Cy1QRclkqGFOYrnyTdiHRBs4pg90GZBsZXaRyzCK4C72KoPf5B_0xwqk-yHBvZR9QhAo\
        w
        """

    /// Signed with a key of P-256, and said to be signed with the key of RSA.
    static let otherKind = """
        eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImstcnMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vc\
        mcvdGVuYW50IiwgImF1ZCI6ICJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCA\
        iZXhwIjogMTgwMDAwMzYwMH0.uWopoOKKKyphvQ282bGIQsZ3I3yK7-hJxGmbn9IuGurjlqUUhLzwxoU0iXPnl2TSl40huW1pTT5ydlzqyKmEp\
        w
        """

    /// Names no key.
    static let nameless = """
        eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5vcmcvdGVuYW50IiwgImF1ZCI6I\
        CJhcHVzIiwgInN1YiI6ICJhZGEiLCAiZ3JvdXBzIjogWyJtbC10ZWFtIl0sICJpYXQiOiAxNzk5OTk5OTkwLCAiZXhwIjogMTgwMDAwMzYwMH0\
        .aJ69rC5aBcw0xClAZSXiYJTM-EjNE8agS_QBkzDu4Zb5cTUp6FwSETc0wfugCWDPloqIRaesMdTw5vgjLtgcCQ
        """

    /// One key of each kind.
    static let keys = #"""
        {"keys":[{"kty":"RSA","n":"mtqJud0u6VPxf9n_oKOq6QRXcQsCV7QARrrzPJTqlUrHttbtMgCZKdBllfQMv7KfmzrMXmqy3nl5wykTeHf\#
        qmgCzAnze9UAgBDkCxuIBz4S9X8f2_d72TFzDEHXobs6omFk2TFKPyJs_OIAI6MEwDSUvtvI5SEnVXqQB1o3RejSeuCOUvOG467ur8G2uJOpLj\#
        --nAd4QpbS9owZrEzhLxJUttqCUnAA2isHx2lKTD45vE1awvONTlmEd4v45U0EK_8gEeA0cSuBgxwUnd7xLzJohM1EAwuhvCCnL9177dohfZMh\#
        SUE72If2HCdZ5tPXnLm24e6AJb5NlbkF3x_nDCQ","e":"AQAB","kid":"k-rs256","use":"sig"},{"kty":"EC","crv":"P-256","x"\#
        :"wsITDyFGGR3k2-cF-Y8VSdhlOq22ZJBceoB4DBl5y8U","y":"KjTHI1ihi8qPiVl-xcKnmjGerv2SH4QSoYeH3C8WfL8","kid":"k-es25\#
        6","use":"sig"},{"kty":"EC","crv":"P-384","x":"Lxep6mri8tKcRhZIFBl967y2_f7LE2MHoi7WefF_Tl-8ylqUy1cXHp9mUMe9kwV\#
        H","y":"UArNkpP8nAOU516z2BshYwF9SHv4VFPsoZ3zavICpgVRPPWKt6UMehQZek1sI_ZE","kid":"k-es384","use":"sig"},{"kty":\#
        "OKP","crv":"Ed25519","x":"Zkuqe8-zCF9e526eDgUTIIIBqgqWCyrlaaUzjpwRiV0","kid":"k-eddsa","use":"sig"}]}
        """#

    /// One key alone, which is none of the others.
    static let newKeys = #"""
        {"keys":[{"kty":"EC","crv":"P-256","x":"QvtqPNX6uHk17HAS1EK8A9bHBT-ppAVZWZgB497Ytdk","y":"uOjeJkK5jyizPoQdhc6c\#
        _aBXZQUhQy48FkEQP9EjTHc","kid":"k-new","use":"sig","alg":"ES256"}]}
        """#

    /// The key of RSA, for RS512 alone.
    static let pinnedKeys = #"""
        {"keys":[{"kty":"RSA","n":"mtqJud0u6VPxf9n_oKOq6QRXcQsCV7QARrrzPJTqlUrHttbtMgCZKdBllfQMv7KfmzrMXmqy3nl5wykTeHf\#
        qmgCzAnze9UAgBDkCxuIBz4S9X8f2_d72TFzDEHXobs6omFk2TFKPyJs_OIAI6MEwDSUvtvI5SEnVXqQB1o3RejSeuCOUvOG467ur8G2uJOpLj\#
        --nAd4QpbS9owZrEzhLxJUttqCUnAA2isHx2lKTD45vE1awvONTlmEd4v45U0EK_8gEeA0cSuBgxwUnd7xLzJohM1EAwuhvCCnL9177dohfZMh\#
        SUE72If2HCdZ5tPXnLm24e6AJb5NlbkF3x_nDCQ","e":"AQAB","kid":"k-rs256","use":"sig","alg":"RS512"}]}
        """#
}
