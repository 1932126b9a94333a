-- Wilson: the examples of Newcombe (1998, Statistics in Medicine 17), and all of 29. Byar: the formula of the public-health
-- guide, whose interval of a count of 10 is 4.79 to 18.39. Returns the cases that differ in the last figure shown.
with wilson_cases as (
    select 81 as n, 263 as total, 0.2553 as low, 0.3662 as high
    union all
    select 15, 148, 0.0624, 0.1605
    union all
    select 0, 20, 0.0, 0.1611
    union all
    select 29, 29, 0.8830, 1.0
),

byar_cases as (
    select 10 as n, 4.79 as low, 18.39 as high
    union all
    select 100, 81.36, 121.63
    union all
    select 0, 0.0, 3.67
),

wilson_answers as (
    select
        concat('wilson ', cast(n as string)) as what,
        low,
        high,
        {{ wilson('n', 'total', 'low', per=1) }} as got_low,
        {{ wilson('n', 'total', 'high', per=1) }} as got_high,
        0.0001 as tolerance
    from wilson_cases
),

byar_answers as (
    select
        concat('byar ', cast(n as string)) as what,
        low,
        high,
        {{ byar('n', '10000', 'low') }} as got_low,
        {{ byar('n', '10000', 'high') }} as got_high,
        0.01 as tolerance
    from byar_cases
),

answers as (
    select * from wilson_answers
    union all
    select * from byar_answers
)

select *
from answers
where
    got_low is null
    or got_high is null
    or abs(got_low - low) > tolerance
    or abs(got_high - high) > tolerance
