/// The answers of mlflow 3.17.2 to filters and `order_by` clauses, from its own parser with an SQLite store.
///
/// Each line has a kind (`R` runs filter, `E` experiments filter, `r` and `e` their orderings), the text, a tab, and
/// `!` for an error or the parsed form. Unprintable characters are written as `\uXXXX`. In the parsed form U+001E
/// separates comparisons and U+001D their parts; a value is `s` text, `i` integer, `d` the bits of a double, `l` texts
/// separated by U+001F, `L` integers separated by commas, or `n` nothing.
let recordedAnswers: String = #"""
    Rmetrics.m > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.m>1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.m>=1	metric\u001dm\u001d>=\u001dd3ff0000000000000
    Rmetrics.m=1	metric\u001dm\u001d=\u001dd3ff0000000000000
    Rmetrics.m!=1	metric\u001dm\u001d!=\u001dd3ff0000000000000
    Rmetrics.m<1	metric\u001dm\u001d<\u001dd3ff0000000000000
    Rmetrics.m<=1	metric\u001dm\u001d<=\u001dd3ff0000000000000
    Rmetrics.m == 1	!
    Rmetrics.m <> 1	!
    Rmetrics.m => 1	!
    Rmetrics.m ! = 1	!
    Rmetrics.m =! 1	!
    Rmetrics.m >== 1	!
    Rmetrics.m ~ 1	!
    Rmetrics.m > 1e-3	metric\u001dm\u001d>\u001dd3f50624dd2f1a9fc
    Rmetrics.m > 1E5	metric\u001dm\u001d>\u001dd40f86a0000000000
    Rmetrics.m > 1e+3	!
    Rmetrics.m > .5	metric\u001dm\u001d>\u001dd3fe0000000000000
    Rmetrics.m > 5.	metric\u001dm\u001d>\u001dd4014000000000000
    Rmetrics.m > -1	metric\u001dm\u001d>\u001ddbff0000000000000
    Rmetrics.m > -.5	metric\u001dm\u001d>\u001ddbfe0000000000000
    Rmetrics.m > - 1	!
    Rmetrics.m > +1	!
    Rmetrics.m > --1	!
    Rmetrics.m > 1.5e10	metric\u001dm\u001d>\u001dd420bf08eb0000000
    Rmetrics.m > .5e3	!
    Rmetrics.m > 1.e5	!
    Rmetrics.m > 0x10	!
    Rmetrics.m > -0x1f	!
    Rmetrics.m > 1_000	!
    Rmetrics.m > 12abc	!
    Rmetrics.m > 1abc	!
    Rmetrics.m > 1.25abc	!
    Rmetrics.m > 1.	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.m > .	!
    Rmetrics.m > 1..2	!
    Rmetrics.m > 1.2.3	!
    Rmetrics.m > 1e400	metric\u001dm\u001d>\u001dd7ff0000000000000
    Rmetrics.m < -1e400	metric\u001dm\u001d<\u001ddfff0000000000000
    Rmetrics.m > 1e-400	metric\u001dm\u001d>\u001dd0000000000000000
    Rmetrics.m = 007	metric\u001dm\u001d=\u001dd401c000000000000
    Rmetrics.m = -0	metric\u001dm\u001d=\u001dd8000000000000000
    Rmetrics.m = -0.0	metric\u001dm\u001d=\u001dd8000000000000000
    Rmetrics.m = 123456789012345678901234567890	metric\u001dm\u001d=\u001dd45f8ee90ff6c373e
    Rmetrics.m > 1e	!
    Rmetrics.m > 1e-	!
    Rmetrics.m > 5-1	!
    Rmetrics.m > 5 - 1	!
    Rmetrics.m > 2*3	!
    Rmetrics.m > inf	!
    Rmetrics.m > Infinity	!
    Rmetrics.m > NaN	!
    Rmetrics.m > nan	!
    Rmetrics.m > 'nan'	!
    Rmetrics.m > true	!
    Rmetrics.m > NULL	!
    Rmetrics.m = null	!
    Rmetrics.m > '1'	!
    Rmetrics.m > "1"	!
    Rmetrics.m > `1`	!
    Rmetrics.m > (1)	!
    Rmetrics.m IN (1)	!
    Rmetrics.m IN ('1')	!
    Rmetrics.m LIKE 1	!
    Rmetrics.m LIKE '1'	!
    Rmetrics.m IS NULL	!
    Rmetrics.m IS NOT NULL	!
    Rmetrics.m BETWEEN 1 AND 2	!
    RNOT metrics.m > 1	!
    Rmetrics.m NOT > 1	!
    R1 < metrics.m	!
    R1 = 1	!
    Rmetrics.m	!
    Rmetrics.m >	!
    R> 1	!
    Rmetrics.m 1	!
    Rmetrics	!
    R.m > 1	!
    Rmetrics. > 1	metric\u001d\u001d>\u001dd3ff0000000000000
    Rmetrics..m > 1	metric\u001d.m\u001d>\u001dd3ff0000000000000
    Rmetrics.m. > 1	metric\u001dm.\u001d>\u001dd3ff0000000000000
    Rmetric.m > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    RMetrics.m > 1	!
    RMETRIC.m > 1	!
    Rmetrics.M > 1	metric\u001dM\u001d>\u001dd3ff0000000000000
    Rmetrics.`m` > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    R`metrics`.m > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    R`metrics`.`m` > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    R"metrics".m > 1	!
    R'metrics'.m > 1	!
    Rmetrics."m" > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.'m' > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.`a b` > 1	metric\u001da b\u001d>\u001dd3ff0000000000000
    Rmetrics.a b > 1	!
    Rmetrics.a-b > 1	!
    Rmetrics.a/b > 1	!
    Rmetrics.`a/b` > 1	metric\u001da/b\u001d>\u001dd3ff0000000000000
    Rmetrics.a:b > 1	!
    Rmetrics.`a:b` > 1	metric\u001da:b\u001d>\u001dd3ff0000000000000
    Rmetrics.a.b > 1	metric\u001da.b\u001d>\u001dd3ff0000000000000
    Rmetrics.a.b.c > 1	metric\u001da.b.c\u001d>\u001dd3ff0000000000000
    Rmetrics.`a.b` > 1	metric\u001da.b\u001d>\u001dd3ff0000000000000
    Rmetrics.a.`b` > 1	metric\u001da.`b`\u001d>\u001dd3ff0000000000000
    Rmetrics.`a`.b > 1	metric\u001d`a`.b\u001d>\u001dd3ff0000000000000
    Rmetrics._a > 1	metric\u001d_a\u001d>\u001dd3ff0000000000000
    Rmetrics.a_b > 1	metric\u001da_b\u001d>\u001dd3ff0000000000000
    Rmetrics.a1 > 1	metric\u001da1\u001d>\u001dd3ff0000000000000
    Rmetrics.1a > 1	metric\u001d1a\u001d>\u001dd3ff0000000000000
    Rmetrics.5x > 1	metric\u001d5x\u001d>\u001dd3ff0000000000000
    Rmetrics.55x > 1	!
    Rmetrics.5 > 1	!
    Rmetrics.5e3 > 1	!
    Rmetrics.é > 1	metric\u001dé\u001d>\u001dd3ff0000000000000
    Rmetrics.損失 > 1	metric\u001d損失\u001d>\u001dd3ff0000000000000
    Rmetrics.`損失` > 1	metric\u001d損失\u001d>\u001dd3ff0000000000000
    Rmetrics.aé損 > 1	metric\u001daé損\u001d>\u001dd3ff0000000000000
    Rmetrics.`` > 1	metric\u001d\u001d>\u001dd3ff0000000000000
    Rmetrics."" > 1	metric\u001d\u001d>\u001dd3ff0000000000000
    Rmetrics.'' > 1	metric\u001d\u001d>\u001dd3ff0000000000000
    Rmetrics.`a"b` > 1	metric\u001da"b\u001d>\u001dd3ff0000000000000
    Rmetrics.`a'b` > 1	metric\u001da'b\u001d>\u001dd3ff0000000000000
    Rmetrics."a'b" > 1	metric\u001da'b\u001d>\u001dd3ff0000000000000
    Rmetrics."`a`" > 1	metric\u001da\u001d>\u001dd3ff0000000000000
    Rmetrics.'`a`' > 1	metric\u001da\u001d>\u001dd3ff0000000000000
    Rmetrics.`'a'` > 1	metric\u001d'a'\u001d>\u001dd3ff0000000000000
    Rmetrics.`"a"` > 1	metric\u001d"a"\u001d>\u001dd3ff0000000000000
    Rmetrics."a`b" > 1	metric\u001da`b\u001d>\u001dd3ff0000000000000
    Rmetrics.`a``b` > 1	metric\u001da``b\u001d>\u001dd3ff0000000000000
    Rmetrics.😀 > 1	!
    Rmetrics.`😀` > 1	metric\u001d😀\u001d>\u001dd3ff0000000000000
    Rmetrics.a$b > 1	!
    Rmetrics.a#b > 1	!
    Rmetrics.a@b > 1	!
    Rmetrics.$a > 1	!
    Rmetrics.?a > 1	!
    Rmetrics.in > 1	!
    Rmetrics.as > 1	!
    Rmetrics.from > 1	!
    Rmetrics.case > 1	!
    Rmetrics.values > 1	!
    Rmetrics.using > 1	!
    Rmetrics.FROM > 1	!
    Rmetrics.From > 1	!
    Rmetrics.`from` > 1	metric\u001dfrom\u001d>\u001dd3ff0000000000000
    Rmetrics.as_of > 1	metric\u001das_of\u001d>\u001dd3ff0000000000000
    Rmetrics.from_x > 1	metric\u001dfrom_x\u001d>\u001dd3ff0000000000000
    Rmetrics.in1 > 1	metric\u001din1\u001d>\u001dd3ff0000000000000
    Rmetrics.loss > 1	metric\u001dloss\u001d>\u001dd3ff0000000000000
    Rmetrics.and > 1	metric\u001dand\u001d>\u001dd3ff0000000000000
    Rmetrics.or > 1	metric\u001dor\u001d>\u001dd3ff0000000000000
    Rmetrics.not > 1	metric\u001dnot\u001d>\u001dd3ff0000000000000
    Rmetrics.null > 1	metric\u001dnull\u001d>\u001dd3ff0000000000000
    Rmetrics.like > 1	metric\u001dlike\u001d>\u001dd3ff0000000000000
    Rmetrics.is > 1	metric\u001dis\u001d>\u001dd3ff0000000000000
    Rmetrics.desc > 1	metric\u001ddesc\u001d>\u001dd3ff0000000000000
    Rmetrics.asc > 1	metric\u001dasc\u001d>\u001dd3ff0000000000000
    Rmetrics.end > 1	metric\u001dend\u001d>\u001dd3ff0000000000000
    Rmetrics.begin > 1	metric\u001dbegin\u001d>\u001dd3ff0000000000000
    Rmetrics.if > 1	metric\u001dif\u001d>\u001dd3ff0000000000000
    Rmetrics.for > 1	metric\u001dfor\u001d>\u001dd3ff0000000000000
    Rmetrics.where > 1	metric\u001dwhere\u001d>\u001dd3ff0000000000000
    Rmetrics.group > 1	metric\u001dgroup\u001d>\u001dd3ff0000000000000
    Rmetrics.order > 1	metric\u001dorder\u001d>\u001dd3ff0000000000000
    Rmetrics.select > 1	metric\u001dselect\u001d>\u001dd3ff0000000000000
    Rmetrics.join > 1	metric\u001djoin\u001d>\u001dd3ff0000000000000
    Rmetrics.union > 1	metric\u001dunion\u001d>\u001dd3ff0000000000000
    Rmetrics.timestamp > 1	metric\u001dtimestamp\u001d>\u001dd3ff0000000000000
    Rmetrics.date > 1	metric\u001ddate\u001d>\u001dd3ff0000000000000
    Rmetrics.time > 1	metric\u001dtime\u001d>\u001dd3ff0000000000000
    Rmetrics.user > 1	metric\u001duser\u001d>\u001dd3ff0000000000000
    Rmetrics.level > 1	metric\u001dlevel\u001d>\u001dd3ff0000000000000
    Rmetrics.value > 1	metric\u001dvalue\u001d>\u001dd3ff0000000000000
    Rmetrics.key > 1	metric\u001dkey\u001d>\u001dd3ff0000000000000
    Rmetrics.type > 1	metric\u001dtype\u001d>\u001dd3ff0000000000000
    Rmetrics.over > 1	metric\u001dover\u001d>\u001dd3ff0000000000000
    Rmetrics.create > 1	metric\u001dcreate\u001d>\u001dd3ff0000000000000
    Rmetrics.table > 1	metric\u001dtable\u001d>\u001dd3ff0000000000000
    Rmetrics.set > 1	metric\u001dset\u001d>\u001dd3ff0000000000000
    Rmetrics.double > 1	metric\u001ddouble\u001d>\u001dd3ff0000000000000
    Rmetrics.count > 1	metric\u001dcount\u001d>\u001dd3ff0000000000000
    Rmetrics.max > 1	metric\u001dmax\u001d>\u001dd3ff0000000000000
    Rmetrics.interval > 1	metric\u001dinterval\u001d>\u001dd3ff0000000000000
    Rmetrics.current_date > 1	metric\u001dcurrent_date\u001d>\u001dd3ff0000000000000
    Rmetrics.go > 1	metric\u001dgo\u001d>\u001dd3ff0000000000000
    Rmetrics.into > 1	metric\u001dinto\u001d>\u001dd3ff0000000000000
    Rmetrics.limit > 1	metric\u001dlimit\u001d>\u001dd3ff0000000000000
    Rmetrics.loop > 1	metric\u001dloop\u001d>\u001dd3ff0000000000000
    Rmetrics.declare > 1	metric\u001ddeclare\u001d>\u001dd3ff0000000000000
    Rmetrics.text > 1	metric\u001dtext\u001d>\u001dd3ff0000000000000
    Rmetrics.int > 1	metric\u001dint\u001d>\u001dd3ff0000000000000
    Rparams.p = '1'	parameter\u001dp\u001d=\u001ds1
    Rparams.p = "1"	parameter\u001dp\u001d=\u001ds1
    Rparams.p = 1	!
    Rparams.p = x	!
    Rparams.p = `x`	!
    Rparams.p = ''	parameter\u001dp\u001d=\u001ds
    Rparams.p = ""	parameter\u001dp\u001d=\u001ds
    Rparams.p = '''	!
    Rparams.p = ''''	parameter\u001dp\u001d=\u001ds''
    Rparams.p = 'it''s'	parameter\u001dp\u001d=\u001dsit''s
    Rparams.p = 'it\u005c's'	parameter\u001dp\u001d=\u001dsit\u005c's
    Rparams.p = "it's"	parameter\u001dp\u001d=\u001dsit's
    Rparams.p = 'a"b'	parameter\u001dp\u001d=\u001dsa"b
    Rparams.p = "a\u005c"b"	parameter\u001dp\u001d=\u001dsa\u005c"b
    Rparams.p = "a""b"	parameter\u001dp\u001d=\u001dsa""b
    Rparams.p = 'C:\u005c'	parameter\u001dp\u001d=\u001dsC:\u005c
    Rparams.p = 'C:\u005c' AND params.q = 'x'	!
    Rparams.p = 'C:\u005c\u005c'	parameter\u001dp\u001d=\u001dsC:\u005c\u005c
    Rparams.p = 'C:\u005c\u005c' AND params.q = 'x'	!
    Rparams.p = 'a	!
    Rparams.p = a'	!
    Rparams.p = "a	!
    Rparams.p = '	!
    Rparams.p = "	!
    Rparams.p = 'a' 'b'	!
    Rparams.p = "a" "b"	!
    Rparams.p = 'a' x	!
    Rparams.p = "a" x	!
    Rparams.p = 'a'x	!
    Rparams.p = 'a b c'	parameter\u001dp\u001d=\u001dsa b c
    Rparams.p = ' '	parameter\u001dp\u001d=\u001ds 
    Rparams.p = '%'	parameter\u001dp\u001d=\u001ds%
    Rparams.p = 'é損😀'	parameter\u001dp\u001d=\u001dsé損😀
    Rparams.p = 'AND'	parameter\u001dp\u001d=\u001dsAND
    Rparams.p = 'a;b'	parameter\u001dp\u001d=\u001dsa;b
    Rparams.p = 'a--b'	parameter\u001dp\u001d=\u001dsa--b
    Rparams.p = 'a/*b*/c'	parameter\u001dp\u001d=\u001dsa/*b*/c
    Rparams.p = '# a'	parameter\u001dp\u001d=\u001ds# a
    Rparams.p = 'a=b'	parameter\u001dp\u001d=\u001dsa=b
    Rparams.p = '(a)'	parameter\u001dp\u001d=\u001ds(a)
    Rparams.p = '[1, 2]'	parameter\u001dp\u001d=\u001ds[1, 2]
    Rparams.p = '{"a": 1}'	parameter\u001dp\u001d=\u001ds{"a": 1}
    Rparams.p = "{'a': 1}"	parameter\u001dp\u001d=\u001ds{'a': 1}
    Rparams.p = 'a\u005cnb'	parameter\u001dp\u001d=\u001dsa\u005cnb
    Rparam.p = 'x'	parameter\u001dp\u001d=\u001dsx
    Rparameter.p = 'x'	parameter\u001dp\u001d=\u001dsx
    Rparameters.p = 'x'	parameter\u001dp\u001d=\u001dsx
    RPARAMS.p = 'x'	!
    Rparams.p != 'x'	parameter\u001dp\u001d!=\u001dsx
    Rparams.p LIKE 'x'	parameter\u001dp\u001dLIKE\u001dsx
    Rparams.p like 'x'	parameter\u001dp\u001dLIKE\u001dsx
    Rparams.p Like 'x'	parameter\u001dp\u001dLIKE\u001dsx
    Rparams.p ILIKE 'x'	parameter\u001dp\u001dILIKE\u001dsx
    Rparams.p ilike 'x'	parameter\u001dp\u001dILIKE\u001dsx
    Rparams.p LIKE'x'	parameter\u001dp\u001dLIKE\u001dsx
    Rparams.p RLIKE 'x'	!
    Rparams.p REGEXP 'x'	!
    Rparams.p NOT LIKE 'x'	!
    Rparams.p NOT ILIKE 'x'	!
    Rparams.p > 'x'	!
    Rparams.p >= 'x'	!
    Rparams.p < 'x'	!
    Rparams.p IN ('x')	!
    Rparams.p IN ('x','y')	!
    Rparams.p NOT IN ('x')	!
    Rparams.p = ('x')	!
    Rparams.p IS NULL	parameter\u001dp\u001dIS NULL\u001dn
    Rparams.p is null	parameter\u001dp\u001dIS NULL\u001dn
    Rparams.p IS NOT NULL	parameter\u001dp\u001dIS NOT NULL\u001dn
    Rparams.p is not null	parameter\u001dp\u001dIS NOT NULL\u001dn
    Rparams.p Is Not Null	parameter\u001dp\u001dIS NOT NULL\u001dn
    Rparams.p IS  NULL	parameter\u001dp\u001dIS NULL\u001dn
    Rparams.p IS 'x'	!
    Rparams.p ISNULL	!
    Rparams.p IS	!
    Rparams.p IS NOT	!
    Rparams.p IS NOT 'x'	!
    Rparams.p = NULL	!
    Rparams.p NULL	!
    Rparams.p NOT NULL	!
    Rparams.p IS NULL NULL	!
    Rparams.p IS TRUE	!
    Rtag.t = 'x'	tag\u001dt\u001d=\u001dsx
    Rtags.t = 'x'	tag\u001dt\u001d=\u001dsx
    Rtags.`mlflow.source.name` = 'x'	tag\u001dmlflow.source.name\u001d=\u001dsx
    Rtags.mlflow.source.name = 'x'	tag\u001dmlflow.source.name\u001d=\u001dsx
    Rtags."mlflow.user" = 'x'	tag\u001dmlflow.user\u001d=\u001dsx
    Rtags.mlflow.parentRunId = 'abc'	tag\u001dmlflow.parentRunId\u001d=\u001dsabc
    Rtags.`mlflow.parentRunId` = 'abc'	tag\u001dmlflow.parentRunId\u001d=\u001dsabc
    Rtags.t > 'x'	!
    Rtags.t IN ('x')	!
    Rtags.t != 'x'	tag\u001dt\u001d!=\u001dsx
    Rtags.t IS NULL	tag\u001dt\u001dIS NULL\u001dn
    Rtags.t IS NOT NULL	tag\u001dt\u001dIS NOT NULL\u001dn
    Rtags.`a b` IS NULL	tag\u001da b\u001dIS NULL\u001dn
    Rtags."a b" IS NOT NULL	tag\u001da b\u001dIS NOT NULL\u001dn
    Rtags.t = tags.u	!
    Rtags.t = 5	!
    Rtags.t LIKE '%x%'	tag\u001dt\u001dLIKE\u001ds%x%
    Rtags.t ILIKE "%x%"	tag\u001dt\u001dILIKE\u001ds%x%
    Rattribute.status = 'RUNNING'	attribute\u001dstatus\u001d=\u001dsRUNNING
    Rattributes.status = 'RUNNING'	attribute\u001dstatus\u001d=\u001dsRUNNING
    Rattr.status = 'RUNNING'	attribute\u001dstatus\u001d=\u001dsRUNNING
    Rrun.status = 'RUNNING'	attribute\u001dstatus\u001d=\u001dsRUNNING
    Rstatus = 'RUNNING'	attribute\u001dstatus\u001d=\u001dsRUNNING
    RStatus = 'RUNNING'	!
    RSTATUS = 'RUNNING'	!
    R`status` = 'RUNNING'	attribute\u001dstatus\u001d=\u001dsRUNNING
    R"status" = 'RUNNING'	attribute\u001dstatus\u001d=\u001dsRUNNING
    R'status' = 'RUNNING'	!
    Rattribute.`status` = 'x'	attribute\u001dstatus\u001d=\u001dsx
    Rattribute."status" = 'x'	attribute\u001dstatus\u001d=\u001dsx
    Rattribute.'status' = 'x'	attribute\u001dstatus\u001d=\u001dsx
    R`attribute`.status = 'x'	attribute\u001dstatus\u001d=\u001dsx
    R`attribute.status` = 'x'	!
    R"attribute.status" = 'x'	!
    Rruns.status = 'x'	!
    Rstatus != 'RUNNING'	attribute\u001dstatus\u001d!=\u001dsRUNNING
    Rstatus LIKE 'R%'	attribute\u001dstatus\u001dLIKE\u001dsR%
    Rstatus ilike 'r%'	attribute\u001dstatus\u001dILIKE\u001dsr%
    Rstatus IN ('RUNNING')	!
    Rstatus > 'R'	!
    Rstatus = RUNNING	!
    Rstatus = 1	!
    Rstatus IS NULL	!
    Rrun_id = 'abc'	attribute\u001drun_id\u001d=\u001dsabc
    Rrun_id != 'abc'	attribute\u001drun_id\u001d!=\u001dsabc
    Rrun_id LIKE 'a%'	attribute\u001drun_id\u001dLIKE\u001dsa%
    Rrun_id IN ('a')	attribute\u001drun_id\u001dIN\u001dla
    Rrun_id IN ('a','b')	attribute\u001drun_id\u001dIN\u001dla\u001fb
    Rrun_id in ('a', 'b')	attribute\u001drun_id\u001dIN\u001dla\u001fb
    Rrun_id In ("a", 'b')	attribute\u001drun_id\u001dIN\u001dla\u001fb
    Rrun_id IN("a")	attribute\u001drun_id\u001dIN\u001dla
    Rrun_id NOT IN ('a')	attribute\u001drun_id\u001dNOT IN\u001dla
    Rrun_id not in ('a','b')	attribute\u001drun_id\u001dNOT IN\u001dla\u001fb
    Rrun_id NOT  IN ('a')	attribute\u001drun_id\u001dNOT IN\u001dla
    Rrun_id IN ()	!
    Rrun_id IN ( )	!
    Rrun_id IN ('a',)	attribute\u001drun_id\u001dIN\u001dla
    Rrun_id IN (,'a')	!
    Rrun_id IN ('a',,'b')	!
    Rrun_id IN ('a' 'b')	attribute\u001drun_id\u001dIN\u001dlab
    Rrun_id IN (1)	!
    Rrun_id IN ('a',1)	!
    Rrun_id IN (a)	!
    Rrun_id IN (`a`)	!
    Rrun_id IN ('a'	!
    Rrun_id IN 'a'	!
    Rrun_id IN a	!
    Rrun_id IN	!
    Rrun_id IN ('a')) 	!
    Rrun_id IN (('a'))	attribute\u001drun_id\u001dIN\u001dla
    Rrun_id IN (('a','b'))	attribute\u001drun_id\u001dIN\u001dla\u001fb
    Rrun_id IN ('a') AND status = 'x'	attribute\u001drun_id\u001dIN\u001dla\u001eattribute\u001dstatus\u001d=\u001dsx
    Rstatus = 'x' AND run_id IN ('a')	attribute\u001dstatus\u001d=\u001dsx\u001eattribute\u001drun_id\u001dIN\u001dla
    Rstatus = 'x' AND run_id NOT IN ('a') AND metrics.m > 1	attribute\u001dstatus\u001d=\u001dsx\u001eattribute\u001drun_id\u001dNOT IN\u001dla\u001emetric\u001dm\u001d>\u001dd3ff0000000000000
    Rrun_id = ('a')	!
    Rrun_id != ('a','b')	!
    Rrun_id LIKE ('a')	!
    Rrun_id IN ['a']	!
    Rrun_id IN ("it's")	attribute\u001drun_id\u001dIN\u001dlit's
    Rrun_id IN ('it\u005c's')	attribute\u001drun_id\u001dIN\u001dlit's
    Rrun_id IN ('it''s')	attribute\u001drun_id\u001dIN\u001dlits
    Rrun_id IN ("it''s")	attribute\u001drun_id\u001dIN\u001dlit''s
    Rrun_id IN ('a\u005c\u005cb')	attribute\u001drun_id\u001dIN\u001dla\u005cb
    Rrun_id IN ('a\u005cnb')	attribute\u001drun_id\u001dIN\u001dla\u000ab
    Rrun_id IN ('a\u005cqb')	attribute\u001drun_id\u001dIN\u001dla\u005cqb
    Rrun_id IN ('')	attribute\u001drun_id\u001dIN\u001dl
    Rrun_id IN ( 'a' , 'b' )	attribute\u001drun_id\u001dIN\u001dla\u001fb
    Rrun_id > 'a'	!
    Rrun_id IN ('é')	attribute\u001drun_id\u001dIN\u001dlé
    Rrun_id NOT ('a')	!
    Rrun_id IN ('a';)	!
    Rrun_id IN (None)	!
    Rrun_id IN (True)	!
    Rrun_id IN (-1)	!
    Rrun_id IN ('a' + 'b')	!
    Rrun_name = 'x'	attribute\u001drun_name\u001d=\u001dsx
    R`run name` = 'x'	attribute\u001drun_name\u001d=\u001dsx
    R`Run name` = 'x'	attribute\u001drun_name\u001d=\u001dsx
    R`Run Name` = 'x'	attribute\u001drun_name\u001d=\u001dsx
    R`RUN NAME` = 'x'	!
    Rrun name = 'x'	!
    R"run name" = 'x'	attribute\u001drun_name\u001d=\u001dsx
    Rattribute.`run name` = 'x'	attribute\u001drun_name\u001d=\u001dsx
    Rattributes."Run name" = 'x'	attribute\u001drun_name\u001d=\u001dsx
    Rrun_name LIKE 'x'	attribute\u001drun_name\u001dLIKE\u001dsx
    Rrun_name IN ('x')	!
    Rrun_name IS NULL	!
    Ruser_id = 'x'	attribute\u001duser_id\u001d=\u001dsx
    Rartifact_uri = 'x'	attribute\u001dartifact_uri\u001d=\u001dsx
    Rlifecycle_stage = 'active'	!
    Rexperiment_id = '1'	!
    Rname = 'x'	!
    Rrun_uuid = 'x'	!
    Rsource_name = 'x'	!
    Ruser = 'x'	!
    Rstart_time > 1	attribute\u001dstart_time\u001d>\u001di1
    Rstart_time > 1.5	attribute\u001dstart_time\u001d>\u001dd3ff8000000000000
    Rstart_time > 1e3	attribute\u001dstart_time\u001d>\u001dd408f400000000000
    Rstart_time > -1	attribute\u001dstart_time\u001d>\u001di-1
    Rstart_time = '1'	!
    Rstart_time > x	!
    Rcreated > 1	attribute\u001dstart_time\u001d>\u001di1
    RCreated > 1	attribute\u001dstart_time\u001d>\u001di1
    RCREATED > 1	!
    Rattribute.Created > 1	attribute\u001dstart_time\u001d>\u001di1
    Rend_time < 5	attribute\u001dend_time\u001d<\u001di5
    Rend_time != 5	attribute\u001dend_time\u001d!=\u001di5
    Rstart_time > 9223372036854775807	attribute\u001dstart_time\u001d>\u001di9223372036854775807
    Rstart_time > -9223372036854775808	attribute\u001dstart_time\u001d>\u001di-9223372036854775808
    Rstart_time > 9223372036854775808	!
    Rstart_time LIKE '1'	!
    Rstart_time LIKE 1	!
    Rstart_time IN (1)	!
    Rstart_time IN ('1')	!
    Rstart_time IS NULL	!
    Rstart_time = 00012	attribute\u001dstart_time\u001d=\u001di12
    Rstart_time > 1.	attribute\u001dstart_time\u001d>\u001dd3ff0000000000000
    Rstart_time > .5	attribute\u001dstart_time\u001d>\u001dd3fe0000000000000
    Rstart_time > 1e400	attribute\u001dstart_time\u001d>\u001dd7ff0000000000000
    Rcreated LIKE 1	!
    Rcreated > 'x'	!
    Rdataset.name = 'x'	dataset\u001dname\u001d=\u001dsx
    Rdatasets.name = 'x'	dataset\u001dname\u001d=\u001dsx
    Rdataset.digest = 'x'	dataset\u001ddigest\u001d=\u001dsx
    Rdataset.context = 'x'	dataset\u001dcontext\u001d=\u001dsx
    Rdataset.source = 'x'	!
    Rdataset.name LIKE 'x%'	dataset\u001dname\u001dLIKE\u001dsx%
    Rdataset.name ilike 'x%'	dataset\u001dname\u001dILIKE\u001dsx%
    Rdataset.name IN ('x','y')	dataset\u001dname\u001dIN\u001dlx\u001fy
    Rdataset.context NOT IN ('x')	dataset\u001dcontext\u001dNOT IN\u001dlx
    Rdataset.name != 'x'	dataset\u001dname\u001d!=\u001dsx
    Rdataset.name > 'x'	!
    Rdataset.name IS NULL	!
    Rdataset.name = 1	!
    Rdataset.name = x	!
    Rdataset.name IN (1)	!
    Rdataset.name IN ()	!
    Rdataset.`name` = 'x'	dataset\u001dname\u001d=\u001dsx
    Rdataset.Name = 'x'	!
    Rdataset.name = ('x')	!
    Rfoo.bar = 'x'	!
    Rfoo = 'x'	!
    Rmodel.x = 'y'	!
    RAND	
    Rand	
    RAND AND	
    Rmetrics.m > 1 AND	metric\u001dm\u001d>\u001dd3ff0000000000000
    RAND metrics.m > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.m > 1 AND AND metrics.n > 2	metric\u001dm\u001d>\u001dd3ff0000000000000\u001emetric\u001dn\u001d>\u001dd4000000000000000
    Rmetrics.m > 1 metrics.n > 2	metric\u001dm\u001d>\u001dd3ff0000000000000\u001emetric\u001dn\u001d>\u001dd4000000000000000
    Rmetrics.m > 1 and metrics.n > 2	metric\u001dm\u001d>\u001dd3ff0000000000000\u001emetric\u001dn\u001d>\u001dd4000000000000000
    Rmetrics.m > 1 And params.p = 'x'	metric\u001dm\u001d>\u001dd3ff0000000000000\u001eparameter\u001dp\u001d=\u001dsx
    Rmetrics.m > 1 OR metrics.n > 2	!
    Rmetrics.m > 1 XOR metrics.n > 2	!
    Rmetrics.m > 1 && metrics.n > 2	!
    Rmetrics.m > 1, metrics.n > 2	!
    Rmetrics.m > 1; metrics.n > 2	!
    Rmetrics.m > 1;	!
    R;	!
    Rmetrics.m > 1 -- c	!
    Rmetrics.m > 1 /* c */	!
    Rmetrics.m /* c */ > 1	!
    R-- c	!
    R/* c */ metrics.m > 1	!
    Rmetrics.m > 1 # c	!
    Rmetrics.m > 1 #c	!
    R(metrics.m > 1)	!
    R(metrics.m > 1) AND metrics.n > 2	!
    R(metrics.m > 1 AND metrics.n > 2)	!
    Rmetrics.m > 1 AND (params.p = 'x')	!
    RNOT (metrics.m > 1)	!
    Rparams.p='x'AND params.q='y'	parameter\u001dp\u001d=\u001dsx\u001eparameter\u001dq\u001d=\u001dsy
    Rparams.p="x"AND params.q='y'	parameter\u001dp\u001d=\u001dsx\u001eparameter\u001dq\u001d=\u001dsy
    Rmetrics.m>1AND metrics.n>2	!
    Rmetrics.m > 1 AND foo	!
    Rmetrics.m > 1 foo	!
    Rfoo metrics.m > 1	!
    Rmetrics.m > 1 > 2	!
    Rmetrics.m > metrics.n	!
    Rparams.p = params.q	!
    RWHERE metrics.m > 1	!
    Rmetrics.m > 1 WHERE	!
    RSELECT * FROM runs	!
    Rmetrics.m > 1 LIMIT 5	!
    Rmetrics.m > 1 ORDER BY start_time	!
    Rmetrics.m AS x > 1	!
    R*	!
    Rmetrics.* > 1	metric\u001d*\u001d>\u001dd3ff0000000000000
    R''	!
    R'a'	!
    R"a"	!
    R`a`	!
    R1	!
    Ra	!
    Ra b	!
    Ra b c	!
    Ra.b	!
    R.	!
    R..	!
    R=	!
    R'a' = 'b'	!
    R1 = 'a'	!
    R'a' = 1	!
    R%	!
    R@	!
    R$	!
    R\u005c	!
    R´	!
    Ré	!
    Rmetrics.m > 1 GO	!
    RBEGIN	!
    RCASE	!
    REND	!
    RIF	!
    Rmetrics.m > 1 AND tags.t IS NULL	metric\u001dm\u001d>\u001dd3ff0000000000000\u001etag\u001dt\u001dIS NULL\u001dn
    Rtags.t IS NULL AND metrics.m > 1	tag\u001dt\u001dIS NULL\u001dn\u001emetric\u001dm\u001d>\u001dd3ff0000000000000
    Rtags.t IS NULL AND params.p IS NOT NULL	tag\u001dt\u001dIS NULL\u001dn\u001eparameter\u001dp\u001dIS NOT NULL\u001dn
    Rtags.t IS NULL tags.u = 'x'	tag\u001dt\u001dIS NULL\u001dn\u001etag\u001du\u001d=\u001dsx
    Rtags.t IS NOT NULL AND run_id IN ('a') AND params.p LIKE 'x%' AND start_time > 5	tag\u001dt\u001dIS NOT NULL\u001dn\u001eattribute\u001drun_id\u001dIN\u001dla\u001eparameter\u001dp\u001dLIKE\u001dsx%\u001eattribute\u001dstart_time\u001d>\u001di5
    R metrics.m > 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.m > 1 	metric\u001dm\u001d>\u001dd3ff0000000000000
    R\u000ametrics.m > 1\u000a	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.m\u000a>\u000a1	metric\u001dm\u001d>\u001dd3ff0000000000000
    R\u0009metrics.m\u0009>\u00091	metric\u001dm\u001d>\u001dd3ff0000000000000
    R  	!
    R\u000a	!
    Rmetrics.m > 1\u000aAND\u000aparams.p = 'x'	metric\u001dm\u001d>\u001dd3ff0000000000000\u001eparameter\u001dp\u001d=\u001dsx
    Rparams.p = 'a\u000ab'	parameter\u001dp\u001d=\u001dsa\u000ab
    Rparams.p = 'a\u0009b'	parameter\u001dp\u001d=\u001dsa\u0009b
    Rmetrics.m\u00a0> 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics.m \u2003> 1	metric\u001dm\u001d>\u001dd3ff0000000000000
    Rmetrics .m > 1	!
    Rmetrics. m > 1	metric\u001d m\u001d>\u001dd3ff0000000000000
    Rmetrics . m > 1	!
    Rparams.p = 'a|b'	parameter\u001dp\u001d=\u001dsa|b
    Rparams.p = '|'	parameter\u001dp\u001d=\u001ds|
    Rparams.p = 'x' || 'y'	!
    Rrun_id IN ('a\u000ab')	!
    Rrun_id IN (\u000a'a',\u000a'b'\u000a)	attribute\u001drun_id\u001dIN\u001dla\u001fb
    Rtags.t IS\u000aNULL	tag\u001dt\u001dIS NULL\u001dn
    Rmetrics.m > 1\u0000	!
    Rparams.p = 'a\u0000b'	parameter\u001dp\u001d=\u001dsa\u0000b
    Rmetrics.`a\u000ab` > 1	metric\u001da\u000ab\u001d>\u001dd3ff0000000000000
    Rparams.run_id IS NULL 	parameter\u001drun_id\u001dIS NULL\u001dn
    Rmetrics.5x IN ('a','b') OR tag.a_b>= -1.5 OR metrics.from NOT IN ('a','b')	!
    Rtag.m >= 1 OR parameter.run_id > '%' OR attr.'q' IN 1e3	!
    Rrun."x.y" <= -1.5 AND attr.m NOT IN ('a') AND attribute.context ilike ('a','b')	!
    Rdataset.a.b >= -1.5	!
    Rfoo.status is not null  AND metric.name LIKE 1e3	!
    Rtag.m IS NULL  OR tags.`run name`<= 	!
    Rmetric.from!= "x", dataset.Created != 1	!
    Rrun.from ilike "x" foo.Created<= 1 tags.`a b` NOT IN ('a','b')	!
    Rparams.`run name`>= ('a')	!
    Rmetric.`a b` ilike ('a'), foo.`a b` == ('a')	!
    Rtags.Created LIKE 'x' AND metric.`a b` > 'x'	!
    Rcontext > "x" OR metrics.`a b` LIKE '%'	!
    Rtags.`a b` is not null , attribute.5x== '%', tag.run_id LIKE -1.5	!
    Rmetrics."x.y"!= 'x' AND params.a_b <= 	!
    Rattr.`a b` IN ('a')	!
    Rattr.run_id > "x"	!
    Rattribute.a_b!= x	!
    Rparameter.a_b > -1.5 AND dataset.'q' ilike 1e3	!
    Rtags.`a b` is not null  OR datasets.name < -1.5 OR attributes.status > ('a','b')	!
    Rdatasets.name <= 'x' AND datasets."x.y" == ('a') AND param.name ilike ('a','b')	!
    Rattribute.'q' >= 	!
    Rtags.a_b >= -1.5	!
    Rtags."x.y" ilike 	!
    Rdatasets.Created!= -1.5	!
    Rattribute.5x > ('a')	!
    Rattribute.run_id is not null 1e3 params.m> 	!
    Rattr.from NOT IN ('a','b')	!
    Rparams.m = -1.5 tag.from >= 'x' parameter."x.y" < '%'	!
    Rtags.'q' IN ('a','b') foo.`run name`<= x 5x IN ('a','b')	!
    Rdatasets.`a b` NOT IN ('a','b'), params.start_time NOT IN ('a','b')	!
    Rattributes.name ilike -1.5 and param."x.y" < 1 and attributes.start_time IN ('a','b')	!
    Rattributes.context IN ('a') attributes.name NOT LIKE x dataset.name < '%'	!
    Rparams.run_id!= ('a') AND tags.a_b IS NULL 	!
    Rdatasets.a_b NOT LIKE 1e3	!
    Rfoo.`a b` ilike 'x'	!
    Rparams.Created == 'x' and dataset.run_id IN ('a')	!
    Rmetric.`run name` <= 1	metric\u001drun_name\u001d<=\u001dd3ff0000000000000
    Rattribute.`run name` = ('a') AND attributes.context < '%'	!
    Rfoo.a_b != "x"	!
    Rparameter.a.b > ('a')	!
    Rattributes.5x IN ('a')	!
    Rdatasets.`run name` > ('a')	!
    Rrun.a_b NOT LIKE "x"	!
    Rmetric.'q'== -1.5	!
    Rattributes.run_id < 	!
    Rdataset."x.y" != 1e3 OR metrics.`a b` >= "x" OR attributes.a.b>= "x"	!
    Rparameter.status NOT LIKE 1	!
    Rmetrics.`run name` IN ('a','b')	!
    Rmetric.Created== ('a'), attributes.from LIKE '%'	!
    Rparam.status>= 1e3	!
    R`a b` = -1.5	!
    Rmetrics.a_b IS NULL 	!
    Rdataset.'q' = x	!
    Rattribute.m < ('a','b')	!
    Rparam.m < 'x'	!
    Rtags.run_id != x	!
    Rparam.name NOT LIKE 1	!
    Rparams.run_id NOT IN ('a','b')	!
    Rmetric.context IN 1e3	!
    Rdataset.start_time > "x"	!
    Rrun.run_id is not null  AND foo.name NOT LIKE '%' AND Created NOT IN ('a','b')	!
    Rparams.Created<= -1.5	!
    Rattributes.m IS NULL , attribute.'q' = x	!
    Rfoo.name != '%', dataset.`run name` ilike "x", 'q' >= 'x'	!
    Rattribute.from LIKE -1.5 AND foo.Created < 1	!
    Rparams.status < "x" and metrics.start_time = x and run.a_b is not null 	!
    Rparameter.start_time ilike x AND foo.name >= "x" AND foo.start_time= "x"	!
    Rattribute.'q' LIKE 'x' AND metric.context != 1e3 AND tags.`a b` NOT IN '%'	!
    Rparam.start_time ilike ('a')	!
    Rattribute.Created ilike ('a')	!
    Rtag.status LIKE ('a','b')	!
    Rmetrics.status NOT LIKE ('a','b')	!
    Rdataset.m is not null 	!
    Rtag.from NOT IN ('a') m < -1.5	!
    Rrun.5x > 'x'	!
    Rtags."x.y" NOT LIKE ('a','b') OR foo.m NOT LIKE ('a') OR dataset.a_b= ('a')	!
    Rrun.from < x	!
    Rparams.start_time LIKE ('a','b')	!
    Rdataset.`run name` IS NULL 	!
    Rattributes.Created LIKE -1.5 OR run.`a b`!= 'x'	!
    Rattribute.5x<= x	!
    Rparam."x.y" != 1e3 AND attributes.a_b <= 'x' AND parameter.a.b NOT IN ('a','b')	!
    Rdataset.name >= ('a') OR tags.a.b = x	!
    Rparams.Created IN ('a','b')	!
    Rtag.run_id IS NULL 	tag\u001drun_id\u001dIS NULL\u001dn
    Rparams.m LIKE x	!
    Rtag.5x== '%'	!
    Rdatasets.a_b >= 1e3	!
    R`run name` is not null 	!
    Rdatasets.m = 1e3 AND attr.5x = "x" AND run.'q' IN ('a','b')	!
    Rattributes.context >= ('a')	!
    Rmetrics.m IN ('a') AND tags.Created== 'x' AND attributes."x.y" IN ('a')	!
    Rparam.start_time IS NULL 	parameter\u001dstart_time\u001dIS NULL\u001dn
    Rrun.run_id<= 'x'	!
    Rdataset.run_id <= ('a')	!
    Rdataset.from IN ('a')	!
    Rparam.start_time >= "x"	!
    Rattribute.context> 'x' OR tag.5x IS NULL  OR foo.run_id = 'x'	!
    Rtag.m is not null 	tag\u001dm\u001dIS NOT NULL\u001dn
    Rdataset.a_b != 1e3	!
    Rrun.5x IN ('a','b')	!
    Rstatus <= x and metric.m != "x"	!
    Rfoo.a_b IN 'x' AND tags.a.b== "x"	!
    Rdataset.start_time>= ('a','b')	!
    Rtags.`run name` ilike 1	!
    Rmetrics.run_id = x, datasets.5x = "x"	!
    Rfoo.context <= ('a','b')	!
    Rmetrics.'q' is not null , foo.'q' < 1, metrics.from>= -1.5	!
    Rdatasets.run_id NOT LIKE "x" AND start_time > x	!
    R`run name` NOT LIKE 1e3	!
    Rattribute.status NOT LIKE 	!
    Rtag.a.b> 'x'	!
    Rattribute.name IN ('a')	!
    Rattr.a_b>= -1.5	!
    Rparams."x.y"> ('a') attr.5x IS NULL 	parameter\u001d"x.y"> ('a') attr.5x\u001dIS NULL\u001dn
    Rparameter.'q' NOT IN ('a')	!
    Rparam.`a b` >= 'x' and parameter.5x NOT IN ('a','b')	!
    Rattributes.name>= -1.5	!
    Rmetrics.start_time== 'x'	!
    Rfoo.'q' >= -1.5	!
    Rcontext >= -1.5 AND attributes.from > x AND datasets.a.b IS NULL -1.5	!
    Rtags.status > 1	!
    Rattr.`run name` IS NULL 1	!
    Rparams.context < -1.5	!
    Rattributes.start_time != ('a'), datasets.run_id IS NULL 	!
    Rtag.`run name` < ('a')	!
    Rtag.m < 	!
    Rmetrics.from NOT LIKE ('a','b') AND tag.`run name` LIKE 'x'	!
    Rtag.a_b== -1.5	!
    Rattribute.a.b > 1e3	!
    Rparams.Created NOT LIKE ('a') AND attr.context <= '%' AND params.status < 1e3	!
    Rtag.start_time NOT LIKE 'x'	!
    Rfoo.start_time<= 1	!
    Rdataset.from> 'x' AND attr.from >= x AND attr."x.y" = ('a')	!
    Rmetric.`a b` >= 'x'	!
    Rrun.from<= -1.5	!
    Rattributes.from IS NULL , parameter.context>= ('a')	!
    Rattribute.name ilike 1e3	!
    Rattribute.start_time>= x and `a b` NOT LIKE x and metric.a_b> ('a','b')	!
    Rdatasets.start_time IN ('a','b')	!
    Rmetric.5x is not null 	!
    Rfoo.run_id IS NULL 1e3, a_b NOT IN ('a','b'), params.5x ilike "x"	!
    Rmetric.from <= 	!
    Rfoo.context < x	!
    Rfoo.start_time >= , attr.name >= ('a','b'), metrics."x.y" > ('a')	!
    Rrun.status LIKE 1e3	!
    Rmetrics.Created== ('a','b') and attributes.name NOT IN ('a','b') and attributes.Created == ('a')	!
    Rtags.context > ('a','b') OR datasets.a_b ilike 'x'	!
    Rparameter.from IN ('a')	!
    Rparam.`a b`< 	!
    Rtags.5x= 1e3 OR param.context IS NULL  OR metrics.context <= "x"	!
    Rattributes."x.y" LIKE 	!
    Rparam.status NOT IN 1e3	!
    Rdataset.`a b` ilike -1.5	!
    RCreated NOT LIKE "x"	!
    Rmetrics.m IS NULL 	!
    Rattribute.context IN ('a','b') foo.m = 1 tag.`a b` >= 1e3	!
    Rmetrics.context IN ('a','b')	!
    Rattributes.context IS NULL 	!
    Rparams.name < -1.5, run.m is not null , tag.from LIKE x	!
    Rparams."x.y" != "x", run.m != ('a','b')	!
    Rparameter.Created IN ('a')	!
    Rmetric.5x IN ('a')	!
    Rparams.`run name`<= 'x'	!
    Rparam.run_id== '%' OR attribute.from IN ('a','b') OR dataset."x.y" NOT IN 'x'	!
    Rmetric.context > 1e3 AND metrics.a_b !=  AND tags.`a b` is not null 	!
    Rdataset.a_b is not null 	!
    Rfoo.Created != ('a') AND param."x.y" >= -1.5 AND metrics.from NOT LIKE -1.5	!
    Rparams.a_b NOT LIKE 'x'	!
    Rtag.'q' = ('a','b')	!
    Rdataset.a.b<= ('a','b')	!
    Rattr.`run name` = ('a')	!
    Rdatasets.a_b <= x and attributes.context >= -1.5 and params.run_id = '%'	!
    Rmetrics.status ilike -1.5	!
    Rattribute.context <= '%'	!
    Rparameter.from>= 'x'	!
    Rrun.a.b != x	!
    Rtags.a_b LIKE ('a')	!
    Rtags."x.y"< "x"	!
    Rparams.run_id IS NULL  AND params.name NOT IN ('a','b') AND attr.status IN ('a')	!
    Rattribute.`run name` NOT LIKE "x" and params.status ilike 'x'	!
    Rdatasets.`run name` == 	!
    Rparam.`run name` <= 	!
    Rtags."x.y" < -1.5	!
    Rparam.run_id > 1e3	!
    Rtag.'q' >= -1.5	!
    Rfoo.run_id ilike 1	!
    Rdataset."x.y" IN "x" AND metrics.`a b`< 	!
    Rfoo.from LIKE 	!
    Rrun.`run name` IS NULL 	!
    Rrun.a_b ilike ('a')	!
    Rfoo.run_id >= ('a')	!
    Rattribute.start_time=  attributes.Created IS NULL 1e3	!
    Rtag.from ilike -1.5	!
    Rparam.`a b` is not null , attributes.status!= , attributes."x.y" is not null 	!
    Rattributes.status LIKE x	!
    Rtag.name NOT LIKE -1.5	!
    Rparameter.'q' LIKE ('a')	!
    Rtag.5x LIKE ('a','b')	!
    Rparameter.`run name` LIKE '%'	parameter\u001drun_name\u001dLIKE\u001ds%
    Rattribute."x.y" > 1e3 datasets.a.b IS NULL 	!
    Rtags.Created IS NULL 	tag\u001dstart_time\u001dIS NULL\u001dn
    Rdatasets.name IS NULL 	!
    Rparameter.`run name` LIKE "x"	parameter\u001drun_name\u001dLIKE\u001dsx
    Rattribute.m NOT LIKE "x"	!
    Rtags.start_time ilike ('a')	!
    Rparams.5x < ('a')	!
    Rfoo.status NOT LIKE 1e3 OR run.context = 1 OR metric.Created < "x"	!
    R"x.y" > x	!
    Rparam.5x LIKE '%'	parameter\u001d5x\u001dLIKE\u001ds%
    Rdatasets.a_b IS NULL '%' and param.start_time is not null  and dataset.from ilike -1.5	!
    Rparam.from> x, attributes.m ilike x	!
    Rparam.start_time > '%', params.from<= x	!
    Rstart_time<= ('a')	!
    Rparams.Created <= 1	!
    Rrun.`run name`<= -1.5	!
    Rmetrics."x.y" is not null 	!
    RCreated<= ('a','b')	!
    Rattributes.a.b>= "x" AND tags.run_id < '%' AND 'q'< ('a','b')	!
    Rattributes.'q' == '%'	!
    Rdatasets.a_b <= 'x' dataset.'q' > 	!
    Rtag.`run name` IN '%'	!
    Rmetric.m= 'x'	!
    Rdatasets.name IN ('a','b')	dataset\u001dname\u001dIN\u001dla\u001fb
    Rrun.Created ilike 1e3	!
    Rm LIKE -1.5	!
    Rdatasets.'q' IN ('a')	!
    Rtags.m LIKE 	!
    Rattributes.m== -1.5 AND attr.`run name` LIKE x AND metrics.Created LIKE 	!
    Rattributes.a_b != x AND foo.`a b` IS NULL 	!
    Ra_b >= -1.5	!
    Rparameter.`run name` NOT IN ('a','b')	!
    Rdataset.a.b!= "x"	!
    Rfoo.m is not null 	!
    Rmetric.run_id < "x" AND from ilike  AND tags.status NOT IN ('a')	!
    Rtags.Created> ('a')	!
    Rparameter.a.b NOT LIKE  parameter.'q' = 	!
    Rdataset.m == 1e3 and attr.run_id>= ('a') and run.run_id NOT IN ('a','b')	!
    Rtags.'q' < ('a')	!
    Rparameter.from > 	!
    Rrun.a.b ilike ('a','b') OR attributes.name ilike ('a') OR datasets.a.b is not null 'x'	!
    Rrun.run_id ilike 'x'	attribute\u001drun_id\u001dILIKE\u001dsx
    Rdatasets.run_id ilike '%'	!
    Rdatasets.a_b >= ('a')	!
    Rtags.start_time IN ('a','b') AND param.a_b > "x" AND attr.context <= ('a')	!
    Rfoo.start_time <= -1.5	!
    Rdatasets.a_b > ('a','b') AND tags.'q' IN ('a','b')	!
    Rattribute.context NOT IN ('a') AND metric.start_time NOT LIKE  AND parameter.from = ('a','b')	!
    Rmetric.m = 1 `run name` ilike x	!
    Rrun.run_id != -1.5 AND tags.context>= -1.5 AND params.start_time == 1e3	!
    Rparams.m < ('a','b')	!
    R5x= "x"	!
    Rparams.status NOT LIKE 1	!
    Rattr.context ilike -1.5	!
    Rparameter.run_id!= ('a','b')	!
    Rattribute."x.y" NOT LIKE 1e3	!
    Rdatasets.m > 'x'	!
    Rfoo.`run name` > x	!
    Rrun.a_b ilike ('a','b')	!
    Rattribute.a_b IS NULL 	!
    Rparams.`run name` ilike '%'	parameter\u001drun_name\u001dILIKE\u001ds%
    Rparameter.run_id LIKE 'x'	parameter\u001drun_id\u001dLIKE\u001dsx
    Rattr.from < ('a','b')	!
    Rmetric.status ilike x params.name= 'x'	!
    Rmetric.'q' NOT LIKE 'x'	!
    Rparam.5x>= -1.5	!
    Rfoo.`a b` = "x" OR run.m ilike '%'	!
    Rattribute.m NOT LIKE '%'	!
    Rtag.m LIKE 'x'	tag\u001dm\u001dLIKE\u001dsx
    Rparams.from > '%'	!
    Rparam.context!= -1.5	!
    Rparams."x.y" > 	!
    Rparam.m!= '%'	parameter\u001dm\u001d!=\u001ds%
    Rattributes.a.b <= ('a','b')	!
    Rmetric.m LIKE x OR Created < 'x'	!
    Rmetrics.`a b` is not null 	!
    Rfoo.start_time IN ('a'), from== ('a','b'), attr.a.b = "x"	!
    Rattribute.name = '%' AND metrics."x.y" != 'x'	!
    Rparameter.'q' IN 1	!
    Rparameter.m== 	!
    Rdataset.start_time != ('a','b')	!
    Rmetrics.'q'!= x	!
    Rdatasets.'q' != -1.5, tag.5x > '%', "x.y"> 	!
    Rparams.from= ('a') attr.from NOT IN ('a')	!
    Rtags.run_id>= ('a','b')	!
    Rdatasets.5x <= ('a') AND tags.name > ('a','b') AND run_id IS NULL 	!
    Rparams.a_b <= ('a') attributes.Created = 'x' tag.run_id NOT LIKE x	!
    Rmetrics.from IS NULL 	!
    Rdatasets.5x =  AND parameter.a_b IN ('a','b') AND parameter.a_b < ('a','b')	!
    Rattr.5x IN -1.5	!
    Rfoo.`a b` ilike -1.5 foo.'q' LIKE  parameter."x.y" is not null 	!
    Rattr.`run name` NOT IN ('a') OR attributes.`run name` <= x	!
    Rattribute.from < 1 OR tags."x.y">= '%'	!
    Rmetrics.5x <= 1e3 and tags.name <= x	!
    Rparameter.m NOT LIKE 1	!
    Rattr.from <= x	!
    Rstart_time <= -1.5, run.`run name` > ('a')	!
    Rparams.Created >= 	!
    Rmetric.`run name` == x datasets.Created is not null  tag.from!= 1	!
    Rattr.a_b ilike ('a'), tag.from NOT LIKE "x", tag.from ilike x	!
    Rparameter.status LIKE '%'	parameter\u001dstatus\u001dLIKE\u001ds%
    Rmetrics.a.b is not null 	!
    Rparameter.`a b` IN ('a','b') attr.run_id NOT IN ('a')	!
    R"x.y"<= 'x' OR foo.5x = 1 OR parameter.context ilike "x"	!
    Rtag.name== '%' AND tag.start_time <= 1 AND attribute.m IS NULL 	!
    Rtags.name LIKE '%' AND foo."x.y" LIKE x	!
    Rfoo.context <= '%' params.status <= ('a','b') 'q' IN ('a')	!
    Rfoo.run_id IS NULL  and name >= '%' and tag.`a b` = 	!
    Rrun.Created is not null , metrics.a.b = "x", foo.'q' LIKE -1.5	!
    Rparam.`a b` ilike '%'	parameter\u001da b\u001dILIKE\u001ds%
    Rattributes.`a b` NOT IN ('a','b') params.name NOT LIKE '%' metrics.a_b!= 1e3	!
    Rattr.run_id NOT LIKE 1 and run.a.b NOT IN ('a','b')	!
    Rmetrics.'q' IS NULL 	!
    Rattribute.context LIKE 1	!
    Rattr.a.b = x AND attr."x.y" >= 'x'	!
    R`a b`<= 1 AND parameter.run_id NOT IN ('a') AND param.Created LIKE 	!
    Rtag.5x is not null 	tag\u001d5x\u001dIS NOT NULL\u001dn
    Rparams.status LIKE 1e3	!
    Rattributes.status!= ('a','b') AND tags.run_id IS NULL 	!
    Rattributes."x.y" LIKE 'x'	!
    Rparam.run_id = "x"	parameter\u001drun_id\u001d=\u001dsx
    Rparam.`run name` > -1.5	!
    Ra.b> '%', attribute.from NOT LIKE 'x', tags.status>= ('a')	!
    Rparam.'q' ilike '%' OR param.from ilike 1e3 OR attr.5x ilike 	!
    Rtag.context IN ('a','b')	!
    Rdataset.a.b NOT LIKE ('a')	!
    Rparams.'q' = ('a') dataset.`a b` NOT LIKE 'x' param.Created != -1.5	!
    Rdatasets.'q' >= -1.5 and metric."x.y"< 1e3 and parameter.status LIKE x	!
    Rmetrics.status IS NULL 	!
    Rrun.`run name` is not null 	!
    Rparams.'q' != "x"	parameter\u001dq\u001d!=\u001dsx
    Rtag.m NOT IN ('a','b')	!
    Rdataset.m IN ('a','b'), attr.start_time is not null 	!
    Rtags.5x = -1.5 AND foo.m ==  AND param.Created != 1	!
    Rdataset.5x!= ('a')	!
    R"x.y" < '%', tags.run_id ilike ('a','b'), attributes.m IS NULL 	!
    R5x NOT LIKE 1e3 AND datasets."x.y" = '%' AND params.name > 'x'	!
    Rparams.status <= ('a')	!
    Rparams.`a b` IS NULL 	parameter\u001da b\u001dIS NULL\u001dn
    Rmetrics.name is not null 	!
    Rparams.5x is not null 	parameter\u001d5x\u001dIS NOT NULL\u001dn
    Rattributes.run_id NOT LIKE 1e3	!
    Ra.b LIKE 'x' AND dataset.'q'= ('a','b')	!
    Rmetrics.5x < "x"	!
    Rattribute.a_b> ('a','b')	!
    Rtags.'q' > '%' AND metrics.m ilike x AND dataset.`run name` <= 	!
    Rtag.start_time >= '%', metrics.status != "x"	!
    Rmetric.`a b` is not null 	!
    Rparameter.status > '%'	!
    Rdataset.context <= ('a')	!
    Rtags."x.y" <= 1e3	!
    Rparam.m= -1.5	!
    Rattribute.run_id ilike 1e3	!
    Rrun.a_b > 'x', params.start_time IS NULL -1.5, start_time ilike 'x'	!
    Rmetrics.m== 	!
    Rmetric.Created= '%'	!
    Rattribute.m IS NULL 1e3	!
    Rmetrics.start_time NOT LIKE 	!
    Rattribute.a_b IN ('a')	!
    Rtag.context NOT IN ('a','b')	!
    Rattr.context LIKE ('a','b')	!
    Rparameter.from <= '%'	!
    Rparam.Created is not null 	parameter\u001dstart_time\u001dIS NOT NULL\u001dn
    Rtags.name NOT IN ('a','b') AND attr.start_time LIKE "x" AND param.`a b` >= '%'	!
    Rrun.a_b >= '%'	!
    Rparam.name ilike 'x' dataset.name NOT IN ('a')	!
    Rparams.from IN ('a','b') AND attribute.from IS NULL 	!
    Rattribute.a.b != 1e3 AND datasets.context = ('a') AND metrics.status = 1	!
    Rmetric.`run name` > ('a')	!
    Rattr.a_b is not null 	!
    Rdatasets.a.b is not null 	!
    Rtags.name is not null 	tag\u001dname\u001dIS NOT NULL\u001dn
    Rmetrics.from NOT IN ('a') and datasets.context != 1	!
    Rparam.`run name` ilike 1	!
    Rattribute.a_b != "x"	!
    Rfoo.'q' == ('a') AND attr.5x < '%' AND attribute.m = ('a','b')	!
    Rattribute.from = 1 AND params.context==  AND start_time> x	!
    Rattributes.a_b <= ('a','b') and parameter.5x >  and param.`a b`== ('a','b')	!
    Rattribute.run_id <= ('a','b'), tags.context ilike ('a','b'), metrics."x.y" ilike 	!
    Rdataset.Created> "x"	!
    Rattributes.'q' <= 	!
    Rfoo.name NOT LIKE -1.5	!
    Rrun.context IS NULL  and datasets.a.b >= 1e3	!
    Rdataset.status IN 'x'	!
    Rdataset.run_id <= 1 AND run.status NOT LIKE x AND foo."x.y" NOT LIKE 'x'	!
    Rparam.m== x	!
    Rattr.a.b < 1e3 AND params.'q' is not null 	!
    Rattr.5x != 	!
    Rtags.start_time <= ('a') AND start_time <= 1e3 AND foo.'q' IN ('a','b')	!
    Rparam.m LIKE x	!
    Rname IS NULL 	!
    Rparams.context = -1.5	!
    Rtags.`run name` > 1 parameter.name IS NULL  foo.m >= ('a','b')	!
    Rrun.start_time LIKE 	!
    Rrun_id NOT LIKE 1	!
    Rtags.a.b ilike  AND parameter.start_time == 1 AND foo.status NOT IN ('a')	!
    Rdataset.`run name` == ('a','b') metric.m > 'x' attributes.a.b == -1.5	!
    Rtag.status IN ('a','b')	!
    Rparameter.from is not null  AND datasets.Created< '%' AND attributes.'q' <= '%'	!
    Rmetrics.name ilike -1.5	!
    Rtag.a.b != 1	!
    Rattributes.name >= '%'	!
    Rtags.`run name` > 1e3 AND attributes.m<= 'x' AND start_time>= ('a','b')	!
    Rtags.a.b = -1.5	!
    Rrun.from <= 1 AND attr.run_id LIKE ('a')	!
    Rmetrics.'q' is not null 	!
    Rtags.a.b LIKE "x"	tag\u001da.b\u001dLIKE\u001dsx
    Rattr.a.b > x	!
    R'q' < -1.5	!
    R5x >= 1e3 run.context NOT IN 'x'	!
    R5x is not null 	!
    R`a b` < 1 AND params.5x = 1e3	!
    Rdataset.status!= 1e3 AND run.run_id != ('a') AND run.5x IS NULL 	!
    Rparam."x.y" NOT LIKE 1 AND params.name NOT IN ('a') AND dataset.m = ('a','b')	!
    Rattribute.`a b` IN ('a','b')	!
    Rparams.Created is not null  and attributes.status == x and tags."x.y" == 'x'	!
    Rmetrics.'q' < -1.5	metric\u001dq\u001d<\u001ddbff8000000000000
    Rmetrics.run_id NOT LIKE '%' AND parameter.m<= 1 AND attributes.'q' IN ('a')	!
    Rtags.name LIKE ('a'), tag.a.b LIKE ('a')	!
    Rend_time != 0 AND run_id IN ('a1','b2') AND dataset.context IN ('train','eval')	attribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval
    Rstart_time >= 1700000000000\u000aAND status = 'FINISHED'\u000aAND dataset.name = 'd'\u000aAND metrics.`val/loss` <= 1e-3\u000aAND params.y IS NOT NULL	attribute\u001dstart_time\u001d>=\u001di1700000000000\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001edataset\u001dname\u001d=\u001dsd\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eparameter\u001dy\u001dIS NOT NULL\u001dn
    Rmetrics.`val/loss` <= 1e-3\u000aAND tags.x IS NULL	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001etag\u001dx\u001dIS NULL\u001dn
    R`run name` = 'r'\u000aAND dataset.name = 'd'\u000aAND start_time >= 1700000000000\u000aAND run_id NOT IN ("c")	attribute\u001drun_name\u001d=\u001dsr\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rcreated < 5.5 AND dataset.name = 'd' AND run_id NOT IN ("c") AND run_id IN ('a1','b2') AND status = 'FINISHED'	attribute\u001dstart_time\u001d<\u001dd4016000000000000\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eattribute\u001dstatus\u001d=\u001dsFINISHED
    Rdataset.context IN ('train','eval') AND params.lr = '0.1' AND status = 'FINISHED' AND run_id IN ('a1','b2') AND tags.team != 'a'	dataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eparameter\u001dlr\u001d=\u001ds0.1\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001etag\u001dteam\u001d!=\u001dsa
    Rparams.lr = '0.1'\u000aAND start_time >= 1700000000000\u000aAND `run name` = 'r'\u000aAND run_id NOT IN ("c")	parameter\u001dlr\u001d=\u001ds0.1\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001eattribute\u001drun_name\u001d=\u001dsr\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rcreated < 5.5  and dataset.context IN ('train','eval')  and run_id IN ('a1','b2')  and run_id NOT IN ("c")	attribute\u001dstart_time\u001d<\u001dd4016000000000000\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rtags.team != 'a'  and params.lr = '0.1'  and `run name` = 'r'	tag\u001dteam\u001d!=\u001dsa\u001eparameter\u001dlr\u001d=\u001ds0.1\u001eattribute\u001drun_name\u001d=\u001dsr
    Rend_time != 0\u000aAND status = 'FINISHED'\u000aAND run_id IN ('a1','b2')\u000aAND params.lr = '0.1'	attribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eparameter\u001dlr\u001d=\u001ds0.1
    Rtags.`mlflow.user` ILIKE 'bob'  and tags.team != 'a'  and params.y IS NOT NULL	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001etag\u001dteam\u001d!=\u001dsa\u001eparameter\u001dy\u001dIS NOT NULL\u001dn
    Rtags.`mlflow.user` ILIKE 'bob'\u000aAND metrics.`val/loss` <= 1e-3\u000aAND end_time != 0\u000aAND status = 'FINISHED'\u000aAND `run name` = 'r'	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001drun_name\u001d=\u001dsr
    Rparams.y IS NOT NULL  and tags.team != 'a'	parameter\u001dy\u001dIS NOT NULL\u001dn\u001etag\u001dteam\u001d!=\u001dsa
    Rtags.x IS NULL\u000aAND params.model LIKE 'res%'\u000aAND tags.`mlflow.user` ILIKE 'bob'\u000aAND `run name` = 'r'	tag\u001dx\u001dIS NULL\u001dn\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eattribute\u001drun_name\u001d=\u001dsr
    R`run name` = 'r'\u000aAND params.lr = '0.1'\u000aAND tags.team != 'a'\u000aAND status = 'FINISHED'	attribute\u001drun_name\u001d=\u001dsr\u001eparameter\u001dlr\u001d=\u001ds0.1\u001etag\u001dteam\u001d!=\u001dsa\u001eattribute\u001dstatus\u001d=\u001dsFINISHED
    Rparams.model LIKE 'res%'  and `run name` = 'r'  and dataset.name = 'd'  and start_time >= 1700000000000  and dataset.context IN ('train','eval')	parameter\u001dmodel\u001dLIKE\u001dsres%\u001eattribute\u001drun_name\u001d=\u001dsr\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval
    Rmetrics.acc > 0.9 AND tags.team != 'a' AND tags.`mlflow.user` ILIKE 'bob'	metric\u001dacc\u001d>\u001dd3feccccccccccccd\u001etag\u001dteam\u001d!=\u001dsa\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rdataset.context IN ('train','eval')  and dataset.name = 'd'  and tags.x IS NULL	dataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001edataset\u001dname\u001d=\u001dsd\u001etag\u001dx\u001dIS NULL\u001dn
    Rmetrics.acc > 0.9  and status = 'FINISHED'  and end_time != 0  and run_id NOT IN ("c")	metric\u001dacc\u001d>\u001dd3feccccccccccccd\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rtags.`mlflow.user` ILIKE 'bob'  and run_id NOT IN ("c")	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rdataset.name = 'd'\u000aAND run_id IN ('a1','b2')\u000aAND params.model LIKE 'res%'\u000aAND tags.team != 'a'	dataset\u001dname\u001d=\u001dsd\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001etag\u001dteam\u001d!=\u001dsa
    Rend_time != 0  and created < 5.5	attribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rtags.team != 'a' AND params.y IS NOT NULL AND tags.x IS NULL	tag\u001dteam\u001d!=\u001dsa\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001etag\u001dx\u001dIS NULL\u001dn
    Rmetrics.`val/loss` <= 1e-3  and `run name` = 'r'  and status = 'FINISHED'  and tags.`mlflow.user` ILIKE 'bob'	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001drun_name\u001d=\u001dsr\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rparams.y IS NOT NULL AND end_time != 0 AND dataset.name = 'd' AND run_id NOT IN ("c")	parameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001dend_time\u001d!=\u001di0\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rstart_time >= 1700000000000  and tags.x IS NULL  and params.y IS NOT NULL  and run_id NOT IN ("c")	attribute\u001dstart_time\u001d>=\u001di1700000000000\u001etag\u001dx\u001dIS NULL\u001dn\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rdataset.context IN ('train','eval') AND params.lr = '0.1' AND dataset.name = 'd'	dataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eparameter\u001dlr\u001d=\u001ds0.1\u001edataset\u001dname\u001d=\u001dsd
    Rparams.lr = '0.1' AND end_time != 0 AND tags.x IS NULL AND start_time >= 1700000000000	parameter\u001dlr\u001d=\u001ds0.1\u001eattribute\u001dend_time\u001d!=\u001di0\u001etag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000
    Rend_time != 0  and params.y IS NOT NULL  and start_time >= 1700000000000  and dataset.name = 'd'  and tags.x IS NULL	attribute\u001dend_time\u001d!=\u001di0\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001edataset\u001dname\u001d=\u001dsd\u001etag\u001dx\u001dIS NULL\u001dn
    R`run name` = 'r' AND end_time != 0	attribute\u001drun_name\u001d=\u001dsr\u001eattribute\u001dend_time\u001d!=\u001di0
    Rparams.y IS NOT NULL\u000aAND created < 5.5\u000aAND params.lr = '0.1'\u000aAND metrics.`val/loss` <= 1e-3\u000aAND start_time >= 1700000000000	parameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eparameter\u001dlr\u001d=\u001ds0.1\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000
    Rtags.team != 'a'  and metrics.acc > 0.9  and dataset.name = 'd'  and params.model LIKE 'res%'  and dataset.context IN ('train','eval')	tag\u001dteam\u001d!=\u001dsa\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd\u001edataset\u001dname\u001d=\u001dsd\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval
    Rmetrics.`val/loss` <= 1e-3 AND run_id NOT IN ("c") AND run_id IN ('a1','b2') AND tags.`mlflow.user` ILIKE 'bob' AND tags.x IS NULL	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob\u001etag\u001dx\u001dIS NULL\u001dn
    Rparams.model LIKE 'res%'  and params.lr = '0.1'  and end_time != 0  and params.y IS NOT NULL  and metrics.`val/loss` <= 1e-3	parameter\u001dmodel\u001dLIKE\u001dsres%\u001eparameter\u001dlr\u001d=\u001ds0.1\u001eattribute\u001dend_time\u001d!=\u001di0\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc
    Rparams.model LIKE 'res%'\u000aAND created < 5.5	parameter\u001dmodel\u001dLIKE\u001dsres%\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    R`run name` = 'r' AND metrics.`val/loss` <= 1e-3 AND params.y IS NOT NULL	attribute\u001drun_name\u001d=\u001dsr\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eparameter\u001dy\u001dIS NOT NULL\u001dn
    Rdataset.name = 'd'\u000aAND created < 5.5\u000aAND params.y IS NOT NULL	dataset\u001dname\u001d=\u001dsd\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eparameter\u001dy\u001dIS NOT NULL\u001dn
    Rtags.team != 'a' AND params.y IS NOT NULL AND created < 5.5 AND metrics.acc > 0.9 AND dataset.name = 'd'	tag\u001dteam\u001d!=\u001dsa\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd\u001edataset\u001dname\u001d=\u001dsd
    Rdataset.name = 'd' AND status = 'FINISHED' AND run_id IN ('a1','b2') AND metrics.acc > 0.9	dataset\u001dname\u001d=\u001dsd\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd
    Rend_time != 0 AND run_id IN ('a1','b2') AND metrics.`val/loss` <= 1e-3 AND tags.`mlflow.user` ILIKE 'bob'	attribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rrun_id NOT IN ("c")  and tags.x IS NULL  and run_id IN ('a1','b2')  and status = 'FINISHED'	attribute\u001drun_id\u001dNOT IN\u001dlc\u001etag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eattribute\u001dstatus\u001d=\u001dsFINISHED
    Rrun_id NOT IN ("c")\u000aAND end_time != 0	attribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001dend_time\u001d!=\u001di0
    Rparams.y IS NOT NULL AND run_id IN ('a1','b2') AND tags.team != 'a' AND params.model LIKE 'res%' AND params.lr = '0.1'	parameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001etag\u001dteam\u001d!=\u001dsa\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001eparameter\u001dlr\u001d=\u001ds0.1
    Rdataset.context IN ('train','eval') AND `run name` = 'r' AND dataset.name = 'd'	dataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eattribute\u001drun_name\u001d=\u001dsr\u001edataset\u001dname\u001d=\u001dsd
    Rdataset.context IN ('train','eval')  and dataset.name = 'd'  and params.model LIKE 'res%'	dataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001edataset\u001dname\u001d=\u001dsd\u001eparameter\u001dmodel\u001dLIKE\u001dsres%
    Rdataset.name = 'd'  and metrics.acc > 0.9	dataset\u001dname\u001d=\u001dsd\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd
    Rparams.y IS NOT NULL\u000aAND dataset.name = 'd'	parameter\u001dy\u001dIS NOT NULL\u001dn\u001edataset\u001dname\u001d=\u001dsd
    Rstart_time >= 1700000000000 AND `run name` = 'r' AND tags.team != 'a' AND params.model LIKE 'res%'	attribute\u001dstart_time\u001d>=\u001di1700000000000\u001eattribute\u001drun_name\u001d=\u001dsr\u001etag\u001dteam\u001d!=\u001dsa\u001eparameter\u001dmodel\u001dLIKE\u001dsres%
    R`run name` = 'r'\u000aAND tags.x IS NULL\u000aAND end_time != 0	attribute\u001drun_name\u001d=\u001dsr\u001etag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001dend_time\u001d!=\u001di0
    Rstatus = 'FINISHED'\u000aAND end_time != 0\u000aAND metrics.acc > 0.9\u000aAND params.lr = '0.1'\u000aAND created < 5.5	attribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001dend_time\u001d!=\u001di0\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd\u001eparameter\u001dlr\u001d=\u001ds0.1\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rmetrics.`val/loss` <= 1e-3\u000aAND tags.team != 'a'	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001etag\u001dteam\u001d!=\u001dsa
    Rtags.`mlflow.user` ILIKE 'bob' AND metrics.acc > 0.9 AND `run name` = 'r' AND dataset.context IN ('train','eval') AND run_id IN ('a1','b2')	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd\u001eattribute\u001drun_name\u001d=\u001dsr\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2
    Rcreated < 5.5\u000aAND start_time >= 1700000000000\u000aAND dataset.name = 'd'	attribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001edataset\u001dname\u001d=\u001dsd
    Rstatus = 'FINISHED'\u000aAND tags.`mlflow.user` ILIKE 'bob'\u000aAND params.lr = '0.1'\u000aAND tags.x IS NULL	attribute\u001dstatus\u001d=\u001dsFINISHED\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eparameter\u001dlr\u001d=\u001ds0.1\u001etag\u001dx\u001dIS NULL\u001dn
    Rend_time != 0\u000aAND params.model LIKE 'res%'\u000aAND start_time >= 1700000000000	attribute\u001dend_time\u001d!=\u001di0\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000
    Rparams.lr = '0.1' AND metrics.`val/loss` <= 1e-3 AND status = 'FINISHED'	parameter\u001dlr\u001d=\u001ds0.1\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001dstatus\u001d=\u001dsFINISHED
    R`run name` = 'r' AND params.y IS NOT NULL AND params.lr = '0.1' AND created < 5.5	attribute\u001drun_name\u001d=\u001dsr\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001eparameter\u001dlr\u001d=\u001ds0.1\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rmetrics.`val/loss` <= 1e-3 AND tags.`mlflow.user` ILIKE 'bob' AND params.y IS NOT NULL	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eparameter\u001dy\u001dIS NOT NULL\u001dn
    Rstart_time >= 1700000000000  and dataset.name = 'd'  and dataset.context IN ('train','eval')  and run_id IN ('a1','b2')	attribute\u001dstart_time\u001d>=\u001di1700000000000\u001edataset\u001dname\u001d=\u001dsd\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2
    Rrun_id NOT IN ("c")\u000aAND run_id IN ('a1','b2')\u000aAND tags.`mlflow.user` ILIKE 'bob'	attribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rtags.team != 'a'\u000aAND start_time >= 1700000000000\u000aAND status = 'FINISHED'	tag\u001dteam\u001d!=\u001dsa\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001eattribute\u001dstatus\u001d=\u001dsFINISHED
    Rtags.x IS NULL AND tags.team != 'a' AND dataset.name = 'd' AND created < 5.5	tag\u001dx\u001dIS NULL\u001dn\u001etag\u001dteam\u001d!=\u001dsa\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rstatus = 'FINISHED' AND `run name` = 'r'	attribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001drun_name\u001d=\u001dsr
    Rparams.y IS NOT NULL AND dataset.name = 'd' AND created < 5.5	parameter\u001dy\u001dIS NOT NULL\u001dn\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rmetrics.`val/loss` <= 1e-3  and dataset.context IN ('train','eval')	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval
    Rend_time != 0 AND params.lr = '0.1' AND tags.team != 'a'	attribute\u001dend_time\u001d!=\u001di0\u001eparameter\u001dlr\u001d=\u001ds0.1\u001etag\u001dteam\u001d!=\u001dsa
    Rmetrics.acc > 0.9  and created < 5.5  and `run name` = 'r'  and metrics.`val/loss` <= 1e-3	metric\u001dacc\u001d>\u001dd3feccccccccccccd\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eattribute\u001drun_name\u001d=\u001dsr\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc
    Rrun_id IN ('a1','b2') AND run_id NOT IN ("c") AND created < 5.5 AND `run name` = 'r' AND end_time != 0	attribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eattribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eattribute\u001drun_name\u001d=\u001dsr\u001eattribute\u001dend_time\u001d!=\u001di0
    Rtags.team != 'a' AND created < 5.5 AND end_time != 0	tag\u001dteam\u001d!=\u001dsa\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eattribute\u001dend_time\u001d!=\u001di0
    Rmetrics.`val/loss` <= 1e-3 AND params.model LIKE 'res%' AND metrics.acc > 0.9 AND tags.`mlflow.user` ILIKE 'bob'	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rrun_id NOT IN ("c") AND metrics.`val/loss` <= 1e-3 AND params.lr = '0.1'	attribute\u001drun_id\u001dNOT IN\u001dlc\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eparameter\u001dlr\u001d=\u001ds0.1
    R`run name` = 'r'  and created < 5.5  and params.model LIKE 'res%'  and tags.`mlflow.user` ILIKE 'bob'	attribute\u001drun_name\u001d=\u001dsr\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rtags.`mlflow.user` ILIKE 'bob'\u000aAND params.model LIKE 'res%'\u000aAND tags.x IS NULL\u000aAND params.y IS NOT NULL	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001etag\u001dx\u001dIS NULL\u001dn\u001eparameter\u001dy\u001dIS NOT NULL\u001dn
    R`run name` = 'r'  and params.model LIKE 'res%'	attribute\u001drun_name\u001d=\u001dsr\u001eparameter\u001dmodel\u001dLIKE\u001dsres%
    Rtags.`mlflow.user` ILIKE 'bob'\u000aAND tags.x IS NULL	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001etag\u001dx\u001dIS NULL\u001dn
    Rmetrics.`val/loss` <= 1e-3  and end_time != 0	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001dend_time\u001d!=\u001di0
    Rparams.y IS NOT NULL\u000aAND tags.team != 'a'	parameter\u001dy\u001dIS NOT NULL\u001dn\u001etag\u001dteam\u001d!=\u001dsa
    Rparams.lr = '0.1'  and dataset.context IN ('train','eval')  and created < 5.5  and dataset.name = 'd'	parameter\u001dlr\u001d=\u001ds0.1\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001edataset\u001dname\u001d=\u001dsd
    Rdataset.context IN ('train','eval')\u000aAND tags.`mlflow.user` ILIKE 'bob'\u000aAND dataset.name = 'd'	dataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob\u001edataset\u001dname\u001d=\u001dsd
    Rmetrics.acc > 0.9 AND created < 5.5 AND tags.team != 'a' AND params.lr = '0.1'	metric\u001dacc\u001d>\u001dd3feccccccccccccd\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001etag\u001dteam\u001d!=\u001dsa\u001eparameter\u001dlr\u001d=\u001ds0.1
    Rparams.model LIKE 'res%'  and start_time >= 1700000000000	parameter\u001dmodel\u001dLIKE\u001dsres%\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000
    Rcreated < 5.5 AND run_id IN ('a1','b2') AND end_time != 0	attribute\u001dstart_time\u001d<\u001dd4016000000000000\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eattribute\u001dend_time\u001d!=\u001di0
    Rdataset.name = 'd'\u000aAND `run name` = 'r'	dataset\u001dname\u001d=\u001dsd\u001eattribute\u001drun_name\u001d=\u001dsr
    Rmetrics.`val/loss` <= 1e-3 AND run_id IN ('a1','b2') AND tags.`mlflow.user` ILIKE 'bob'	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rtags.x IS NULL AND status = 'FINISHED' AND params.lr = '0.1' AND params.model LIKE 'res%'	tag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eparameter\u001dlr\u001d=\u001ds0.1\u001eparameter\u001dmodel\u001dLIKE\u001dsres%
    Rparams.model LIKE 'res%'\u000aAND metrics.acc > 0.9\u000aAND metrics.`val/loss` <= 1e-3	parameter\u001dmodel\u001dLIKE\u001dsres%\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc
    Rstatus = 'FINISHED' AND start_time >= 1700000000000 AND metrics.`val/loss` <= 1e-3 AND tags.x IS NULL AND params.lr = '0.1'	attribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001etag\u001dx\u001dIS NULL\u001dn\u001eparameter\u001dlr\u001d=\u001ds0.1
    Rmetrics.acc > 0.9 AND params.y IS NOT NULL AND status = 'FINISHED' AND run_id NOT IN ("c")	metric\u001dacc\u001d>\u001dd3feccccccccccccd\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rrun_id NOT IN ("c")\u000aAND params.model LIKE 'res%'	attribute\u001drun_id\u001dNOT IN\u001dlc\u001eparameter\u001dmodel\u001dLIKE\u001dsres%
    Rstart_time >= 1700000000000 AND end_time != 0 AND run_id NOT IN ("c")	attribute\u001dstart_time\u001d>=\u001di1700000000000\u001eattribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rstart_time >= 1700000000000\u000aAND params.lr = '0.1'	attribute\u001dstart_time\u001d>=\u001di1700000000000\u001eparameter\u001dlr\u001d=\u001ds0.1
    Rparams.model LIKE 'res%'\u000aAND metrics.`val/loss` <= 1e-3\u000aAND end_time != 0\u000aAND run_id NOT IN ("c")	parameter\u001dmodel\u001dLIKE\u001dsres%\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001dend_time\u001d!=\u001di0\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rrun_id NOT IN ("c")\u000aAND dataset.name = 'd'\u000aAND metrics.`val/loss` <= 1e-3	attribute\u001drun_id\u001dNOT IN\u001dlc\u001edataset\u001dname\u001d=\u001dsd\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc
    Rmetrics.acc > 0.9  and dataset.name = 'd'  and `run name` = 'r'	metric\u001dacc\u001d>\u001dd3feccccccccccccd\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001drun_name\u001d=\u001dsr
    Rmetrics.`val/loss` <= 1e-3  and params.lr = '0.1'  and tags.x IS NULL  and params.model LIKE 'res%'  and created < 5.5	metric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eparameter\u001dlr\u001d=\u001ds0.1\u001etag\u001dx\u001dIS NULL\u001dn\u001eparameter\u001dmodel\u001dLIKE\u001dsres%\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rtags.team != 'a'\u000aAND dataset.context IN ('train','eval')\u000aAND tags.x IS NULL	tag\u001dteam\u001d!=\u001dsa\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001etag\u001dx\u001dIS NULL\u001dn
    Rstatus = 'FINISHED' AND start_time >= 1700000000000 AND dataset.name = 'd'	attribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001edataset\u001dname\u001d=\u001dsd
    Rmetrics.acc > 0.9  and created < 5.5	metric\u001dacc\u001d>\u001dd3feccccccccccccd\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rend_time != 0 AND dataset.name = 'd' AND `run name` = 'r' AND metrics.`val/loss` <= 1e-3 AND tags.x IS NULL	attribute\u001dend_time\u001d!=\u001di0\u001edataset\u001dname\u001d=\u001dsd\u001eattribute\u001drun_name\u001d=\u001dsr\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001etag\u001dx\u001dIS NULL\u001dn
    Rstatus = 'FINISHED'\u000aAND metrics.`val/loss` <= 1e-3	attribute\u001dstatus\u001d=\u001dsFINISHED\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc
    Rparams.lr = '0.1'  and dataset.context IN ('train','eval')  and run_id NOT IN ("c")  and end_time != 0  and tags.x IS NULL	parameter\u001dlr\u001d=\u001ds0.1\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eattribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001dend_time\u001d!=\u001di0\u001etag\u001dx\u001dIS NULL\u001dn
    Rtags.team != 'a'  and run_id IN ('a1','b2')  and params.y IS NOT NULL  and dataset.context IN ('train','eval')  and end_time != 0	tag\u001dteam\u001d!=\u001dsa\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001eattribute\u001dend_time\u001d!=\u001di0
    Rtags.`mlflow.user` ILIKE 'bob' AND params.y IS NOT NULL AND status = 'FINISHED' AND created < 5.5 AND dataset.name = 'd'	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eparameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000\u001edataset\u001dname\u001d=\u001dsd
    Rparams.model LIKE 'res%'\u000aAND params.lr = '0.1'\u000aAND tags.x IS NULL\u000aAND `run name` = 'r'	parameter\u001dmodel\u001dLIKE\u001dsres%\u001eparameter\u001dlr\u001d=\u001ds0.1\u001etag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001drun_name\u001d=\u001dsr
    Rstart_time >= 1700000000000  and status = 'FINISHED'  and run_id NOT IN ("c")	attribute\u001dstart_time\u001d>=\u001di1700000000000\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001eattribute\u001drun_id\u001dNOT IN\u001dlc
    Rcreated < 5.5  and metrics.`val/loss` <= 1e-3  and status = 'FINISHED'	attribute\u001dstart_time\u001d<\u001dd4016000000000000\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001dstatus\u001d=\u001dsFINISHED
    Rdataset.name = 'd'\u000aAND tags.x IS NULL\u000aAND status = 'FINISHED'\u000aAND metrics.`val/loss` <= 1e-3\u000aAND params.model LIKE 'res%'	dataset\u001dname\u001d=\u001dsd\u001etag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eparameter\u001dmodel\u001dLIKE\u001dsres%
    Rparams.y IS NOT NULL\u000aAND run_id NOT IN ("c")\u000aAND metrics.acc > 0.9\u000aAND tags.team != 'a'	parameter\u001dy\u001dIS NOT NULL\u001dn\u001eattribute\u001drun_id\u001dNOT IN\u001dlc\u001emetric\u001dacc\u001d>\u001dd3feccccccccccccd\u001etag\u001dteam\u001d!=\u001dsa
    Rparams.model LIKE 'res%'  and created < 5.5	parameter\u001dmodel\u001dLIKE\u001dsres%\u001eattribute\u001dstart_time\u001d<\u001dd4016000000000000
    Rrun_id NOT IN ("c")  and `run name` = 'r'  and params.lr = '0.1'  and tags.`mlflow.user` ILIKE 'bob'  and run_id IN ('a1','b2')	attribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001drun_name\u001d=\u001dsr\u001eparameter\u001dlr\u001d=\u001ds0.1\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2
    Rdataset.context IN ('train','eval') AND tags.x IS NULL	dataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001etag\u001dx\u001dIS NULL\u001dn
    Rrun_id NOT IN ("c")  and dataset.name = 'd'	attribute\u001drun_id\u001dNOT IN\u001dlc\u001edataset\u001dname\u001d=\u001dsd
    Rtags.`mlflow.user` ILIKE 'bob' AND `run name` = 'r' AND status = 'FINISHED' AND dataset.name = 'd'	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eattribute\u001drun_name\u001d=\u001dsr\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001edataset\u001dname\u001d=\u001dsd
    Rparams.model LIKE 'res%'\u000aAND status = 'FINISHED'\u000aAND dataset.name = 'd'	parameter\u001dmodel\u001dLIKE\u001dsres%\u001eattribute\u001dstatus\u001d=\u001dsFINISHED\u001edataset\u001dname\u001d=\u001dsd
    Rtags.x IS NULL\u000aAND tags.`mlflow.user` ILIKE 'bob'	tag\u001dx\u001dIS NULL\u001dn\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rdataset.name = 'd'  and tags.team != 'a'  and tags.`mlflow.user` ILIKE 'bob'  and params.lr = '0.1'	dataset\u001dname\u001d=\u001dsd\u001etag\u001dteam\u001d!=\u001dsa\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eparameter\u001dlr\u001d=\u001ds0.1
    Rtags.x IS NULL AND run_id NOT IN ("c") AND start_time >= 1700000000000 AND tags.`mlflow.user` ILIKE 'bob'	tag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001drun_id\u001dNOT IN\u001dlc\u001eattribute\u001dstart_time\u001d>=\u001di1700000000000\u001etag\u001dmlflow.user\u001dILIKE\u001dsbob
    Rtags.`mlflow.user` ILIKE 'bob'\u000aAND tags.x IS NULL\u000aAND run_id IN ('a1','b2')	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001etag\u001dx\u001dIS NULL\u001dn\u001eattribute\u001drun_id\u001dIN\u001dla1\u001fb2
    Rtags.`mlflow.user` ILIKE 'bob' AND params.model LIKE 'res%'	tag\u001dmlflow.user\u001dILIKE\u001dsbob\u001eparameter\u001dmodel\u001dLIKE\u001dsres%
    Rrun_id IN ('a1','b2') AND dataset.context IN ('train','eval') AND dataset.name = 'd' AND metrics.`val/loss` <= 1e-3 AND end_time != 0	attribute\u001drun_id\u001dIN\u001dla1\u001fb2\u001edataset\u001dcontext\u001dIN\u001dltrain\u001feval\u001edataset\u001dname\u001d=\u001dsd\u001emetric\u001dval/loss\u001d<=\u001dd3f50624dd2f1a9fc\u001eattribute\u001dend_time\u001d!=\u001di0
    Ename = 'x'	attribute\u001dname\u001d=\u001dsx
    Ename != 'x'	attribute\u001dname\u001d!=\u001dsx
    Ename LIKE 'x%'	attribute\u001dname\u001dLIKE\u001dsx%
    Ename ILIKE 'x%'	attribute\u001dname\u001dILIKE\u001dsx%
    Ename like 'x'	!
    Ename ilike 'x'	!
    Ename Like 'x'	!
    Ename IN ('x')	!
    Ename > 'x'	!
    Ename = x	!
    Ename = 1	!
    Ename IS NULL	!
    Ename = "x"	attribute\u001dname\u001d=\u001dsx
    E`name` = 'x'	attribute\u001dname\u001d=\u001dsx
    E"name" = 'x'	attribute\u001dname\u001d=\u001dsx
    E'name' = 'x'	!
    Eattribute.name = 'x'	attribute\u001dname\u001d=\u001dsx
    Eattributes.name = 'x'	!
    Eattr.name = 'x'	!
    Erun.name = 'x'	!
    E`attribute`.name = 'x'	!
    Eattribute.`name` = 'x'	attribute\u001dname\u001d=\u001dsx
    EName = 'x'	!
    Eexperiment.name = 'x'	!
    Eexperiment_id = '1'	attribute\u001dexperiment_id\u001d=\u001di1
    Eexperiment_id != '1'	attribute\u001dexperiment_id\u001d!=\u001di1
    Eexperiment_id = 1	!
    Eexperiment_id IN ('1')	attribute\u001dexperiment_id\u001dIN\u001dL1
    Eexperiment_id IN ('1','2')	attribute\u001dexperiment_id\u001dIN\u001dL1,2
    Eexperiment_id in ('1')	!
    Eexperiment_id NOT IN ('1','2')	attribute\u001dexperiment_id\u001dNOT IN\u001dL1,2
    Eexperiment_id not in ('1')	attribute\u001dexperiment_id\u001dNOT IN\u001dL1
    Eexperiment_id LIKE '1'	!
    Eexperiment_id > '1'	!
    Eexperiment_id = 'abc'	!
    Eexperiment_id = ''	!
    Eexperiment_id = '-1'	attribute\u001dexperiment_id\u001d=\u001di-1
    Eexperiment_id = '007'	attribute\u001dexperiment_id\u001d=\u001di7
    Eexperiment_id = ' 1'	attribute\u001dexperiment_id\u001d=\u001di1
    Eexperiment_id = '+1'	attribute\u001dexperiment_id\u001d=\u001di1
    Eexperiment_id = '1_0'	attribute\u001dexperiment_id\u001d=\u001di10
    Eexperiment_id = '99999999999999999999'	!
    Eexperiment_id = '9223372036854775807'	attribute\u001dexperiment_id\u001d=\u001di9223372036854775807
    Eexperiment_id IN ('a')	!
    Eexperiment_id IN ('1','a')	!
    Eexperiment_id IN (1)	!
    Eexperiment_id IN ()	!
    Eexperiment_id = ('1')	!
    Eexperiment_id IS NULL	!
    Eexperiment_id = '1.0'	!
    Ecreation_time > 1	attribute\u001dcreation_time\u001d>\u001di1
    Ecreation_time = 1	attribute\u001dcreation_time\u001d=\u001di1
    Ecreation_time != 1	attribute\u001dcreation_time\u001d!=\u001di1
    Ecreation_time <= 1	attribute\u001dcreation_time\u001d<=\u001di1
    Ecreation_time > 1.5	!
    Ecreation_time > 1e3	!
    Ecreation_time > '1'	!
    Ecreation_time > -1	attribute\u001dcreation_time\u001d>\u001di-1
    Ecreation_time LIKE 1	!
    Ecreation_time IN (1)	!
    Ecreation_time IN ('1')	!
    Elast_update_time >= 5	attribute\u001dlast_update_time\u001d>=\u001di5
    Elast_update_time < 99999999999999999999	!
    Elifecycle_stage = 'active'	!
    Eartifact_location = 'x'	!
    Etags.k = 'v'	tag\u001dk\u001d=\u001dsv
    Etag.k = 'v'	tag\u001dk\u001d=\u001dsv
    Etags.`a b` = 'v'	tag\u001da b\u001d=\u001dsv
    Etags."a b" = 'v'	tag\u001da b\u001d=\u001dsv
    E`tags`.k = 'v'	!
    ETags.k = 'v'	!
    Etags.k != 'v'	tag\u001dk\u001d!=\u001dsv
    Etags.k LIKE 'v'	tag\u001dk\u001dLIKE\u001dsv
    Etags.k like 'v'	!
    Etags.k ILIKE 'v'	tag\u001dk\u001dILIKE\u001dsv
    Etags.k ilike 'v'	!
    Etags.k IN ('v')	!
    Etags.k > 'v'	!
    Etags.k = 1	!
    Etags.k = v	!
    Etags.k IS NULL	tag\u001dk\u001dIS NULL\u001dn
    Etags.k is null	tag\u001dk\u001dIS NULL\u001dn
    Etags.k IS NOT NULL	tag\u001dk\u001dIS NOT NULL\u001dn
    Etags.k is not null	tag\u001dk\u001dIS NOT NULL\u001dn
    Etags.a.b = 'x'	tag\u001da.b\u001d=\u001dsx
    Emetrics.m > 1	!
    Eparams.p = 'x'	!
    Edataset.name = 'x'	!
    Ename = 'x' AND tags.k = 'v'	attribute\u001dname\u001d=\u001dsx\u001etag\u001dk\u001d=\u001dsv
    Ename = 'x' and tags.k = 'v'	attribute\u001dname\u001d=\u001dsx\u001etag\u001dk\u001d=\u001dsv
    Ename = 'x' OR name = 'y'	!
    Ename = 'x' name = 'y'	attribute\u001dname\u001d=\u001dsx\u001eattribute\u001dname\u001d=\u001dsy
    Ename = 'x' AND	attribute\u001dname\u001d=\u001dsx
    EAND	
    E(name = 'x')	!
    Ename = 'x';	!
    Ename = 'x', name = 'y'	!
    Ename NOT LIKE 'x'	!
    Etags.from = 'x'	!
    Etags.k IS NULL AND name = 'x'	tag\u001dk\u001dIS NULL\u001dn\u001eattribute\u001dname\u001d=\u001dsx
    Eexperiment_id IN ('1') AND tags.k IS NOT NULL AND creation_time > 5	attribute\u001dexperiment_id\u001dIN\u001dL1\u001etag\u001dk\u001dIS NOT NULL\u001dn\u001eattribute\u001dcreation_time\u001d>\u001di5
    E   	!
    E\u000aname = 'x'\u000a	attribute\u001dname\u001d=\u001dsx
    r	!
    rmetrics.m	metric\u001dm\u001da
    rmetrics.m ASC	metric\u001dm\u001da
    rmetrics.m DESC	metric\u001dm\u001dd
    rmetrics.m asc	metric\u001dm\u001da
    rmetrics.m Desc	metric\u001dm\u001dd
    rmetrics.m  DESC	metric\u001dm\u001dd
    rmetrics.m DESC DESC	!
    rmetrics.m ASC DESC	!
    rmetrics.m UP	!
    rmetrics.m descending	!
    rmetrics.`a b`	metric\u001da b\u001da
    rmetrics.`a b` DESC	metric\u001da b\u001dd
    rmetrics."a b" DESC	metric\u001da b\u001dd
    rmetrics.'a b' DESC	metric\u001da b\u001dd
    r`metrics`.m DESC	metric\u001dm\u001dd
    r`metrics`.`m` DESC	metric\u001dm\u001dd
    rmetrics.a.b DESC	metric\u001da.b\u001dd
    rmetrics.a-b	!
    rmetrics.a/b DESC	!
    rmetrics.`a/b` DESC	metric\u001da/b\u001dd
    rmetrics.from	!
    rmetrics.desc	metric\u001ddesc\u001da
    rmetrics.desc desc	metric\u001ddesc\u001dd
    rmetrics.5x	metric\u001d5x\u001da
    rmetrics.é DESC	metric\u001dé\u001dd
    rmetrics.損失	metric\u001d損失\u001da
    rparams.p	parameter\u001dp\u001da
    rparam.p DESC	parameter\u001dp\u001dd
    rparameters.p	parameter\u001dp\u001da
    rtags.t	tag\u001dt\u001da
    rtag.t desc	tag\u001dt\u001dd
    rtags.`mlflow.user`	tag\u001dmlflow.user\u001da
    rtags.mlflow.user DESC	tag\u001dmlflow.user\u001dd
    rstart_time	attribute\u001dstart_time\u001da
    rstart_time DESC	attribute\u001dstart_time\u001dd
    rattribute.start_time	attribute\u001dstart_time\u001da
    rattributes.start_time ASC	attribute\u001dstart_time\u001da
    rattr.start_time	attribute\u001dstart_time\u001da
    rrun.start_time DESC	attribute\u001dstart_time\u001dd
    rcreated	attribute\u001dstart_time\u001da
    rCreated DESC	attribute\u001dstart_time\u001dd
    rCREATED	!
    rend_time	attribute\u001dend_time\u001da
    rrun_name	attribute\u001drun_name\u001da
    rrun_id	attribute\u001drun_id\u001da
    rstatus	attribute\u001dstatus\u001da
    ruser_id	attribute\u001duser_id\u001da
    rartifact_uri	attribute\u001dartifact_uri\u001da
    r`run name`	!
    rRun Name	!
    r`Run Name` DESC	!
    rlifecycle_stage	!
    rexperiment_id	!
    rdataset.name	!
    rfoo	!
    rfoo.bar	!
    rmetrics	!
    rmetrics.	metric\u001d\u001da
    r.m	!
    rmetrics.m,	!
    rmetrics.m, params.p	!
    rmetrics.m;	!
    r(metrics.m)	!
    r'metrics.m'	!
    r1	!
    r-1	!
    r*	!
    rASC	!
    rDESC	!
    rstart_time ASC NULLS LAST	!
    rmetrics.m NULLS FIRST	!
    rmetrics.m = 1	!
    rtimestamp	!
    rtimestamp DESC	!
    rattribute.`start_time` DESC	attribute\u001dstart_time\u001dd
    r`start_time` DESC	attribute\u001dstart_time\u001dd
    r"start_time" DESC	attribute\u001dstart_time\u001dd
    r"start_time"	attribute\u001dstart_time\u001da
    rmetrics.m -- c	!
    rmetrics.m DESC extra	!
    rmetrics.m extra DESC	!
    r metrics.m	!
    rmetrics.m 	!
    rmetrics.m DESC 	!
    r\u0009metrics.m	!
    rmetrics.m\u0009DESC	metric\u001dm\u001dd
    rmetrics.m\u000aDESC	metric\u001dm\u001dd
    ename	attribute\u001dname\u001da
    ename ASC	attribute\u001dname\u001da
    ename DESC	attribute\u001dname\u001dd
    eexperiment_id	attribute\u001dexperiment_id\u001da
    eexperiment_id desc	attribute\u001dexperiment_id\u001dd
    ecreation_time DESC	attribute\u001dcreation_time\u001dd
    elast_update_time ASC	attribute\u001dlast_update_time\u001da
    eattribute.name	attribute\u001dname\u001da
    eattributes.name	!
    e`name` DESC	attribute\u001dname\u001dd
    etags.k	!
    etags.k DESC	!
    emetrics.m	!
    efoo	!
    ename foo	!
    elifecycle_stage	!
    e	!
    """#
