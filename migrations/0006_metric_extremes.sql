-- The least and the greatest number of each metric of each run, and the lowest step at which it was logged.
--
-- NULL where every point is NaN. Together with the latest point they let a run table show and order by them without a
-- look at the history. No index holds them: it would have to be kept at every point that is logged.

ALTER TABLE latest_metrics ADD COLUMN minimum REAL;
ALTER TABLE latest_metrics ADD COLUMN minimum_step INTEGER;
ALTER TABLE latest_metrics ADD COLUMN maximum REAL;
ALTER TABLE latest_metrics ADD COLUMN maximum_step INTEGER;

-- Points that are there already: one pass for the numbers, one for their steps.
UPDATE latest_metrics
SET minimum = extreme.least, maximum = extreme.greatest
FROM (
    SELECT run_id, key_id, min(value) AS least, max(value) AS greatest
    FROM metrics
    WHERE is_nan = 0
    GROUP BY run_id, key_id
) AS extreme
WHERE latest_metrics.run_id = extreme.run_id AND latest_metrics.key_id = extreme.key_id;

UPDATE latest_metrics
SET minimum_step = extreme.least, maximum_step = extreme.greatest
FROM (
    SELECT point.run_id, point.key_id,
        min(CASE WHEN point.value = latest.minimum THEN point.step END) AS least,
        min(CASE WHEN point.value = latest.maximum THEN point.step END) AS greatest
    FROM latest_metrics AS latest
    CROSS JOIN metrics AS point ON point.run_id = latest.run_id AND point.key_id = latest.key_id
    WHERE point.is_nan = 0
    GROUP BY point.run_id, point.key_id
) AS extreme
WHERE latest_metrics.run_id = extreme.run_id AND latest_metrics.key_id = extreme.key_id;
