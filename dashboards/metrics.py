"""Names of the metrics that boards ask for, in one place."""

from typing import Final

# job `overview`
OVERVIEW_USERS: Final = "ebbwatch_overview_users"
CHURN_RATIO: Final = "ebbwatch_churn_ratio"

# job `retention`
COHORT_RETENTION: Final = "ebbwatch_cohort_retention_ratio"
COHORT_SIZE: Final = "ebbwatch_cohort_size_users"
COHORT_MEAN: Final = "ebbwatch_cohort_retention_weighted_mean_ratio"

# job `survival`
SURVIVAL: Final = "ebbwatch_survival_ratio"
SURVIVAL_AT_RISK: Final = "ebbwatch_survival_at_risk_users"
SURVIVAL_MEDIAN: Final = "ebbwatch_survival_median_seconds"
LOGRANK_P: Final = "ebbwatch_survival_logrank_p_value"
LOGRANK_STATISTIC: Final = "ebbwatch_survival_logrank_chi_squared"

# job `segments`
SEGMENT_USERS: Final = "ebbwatch_segment_users"
SEGMENT_SHARE: Final = "ebbwatch_segment_share_ratio"
SEGMENT_REVENUE: Final = "ebbwatch_segment_revenue_money"
SEGMENT_CHURN: Final = "ebbwatch_segment_churn_ratio"
SEGMENT_MOVED: Final = "ebbwatch_segment_moved_users"

# job `engagement`
ACTIVE_USERS: Final = "ebbwatch_engagement_active_users"
STICKINESS: Final = "ebbwatch_engagement_stickiness_ratio"
DAILY_ACTIVE_USERS: Final = "ebbwatch_engagement_daily_active_users"
LIFECYCLE: Final = "ebbwatch_engagement_lifecycle_users"
FEATURE_USERS: Final = "ebbwatch_engagement_feature_users"
FEATURE_ADOPTION: Final = "ebbwatch_engagement_feature_adoption_ratio"
CONVERSION: Final = "ebbwatch_engagement_conversion_ratio"
FUNNEL: Final = "ebbwatch_engagement_funnel_users"
WEEKLY_CHURN: Final = "ebbwatch_churn_weekly_ratio"

# job `value`
REVENUE_AT_RISK: Final = "ebbwatch_value_at_risk_money"
LIFETIME_VALUE: Final = "ebbwatch_value_lifetime_money"
TIER_USERS: Final = "ebbwatch_value_tier_users"
TIER_MOVED: Final = "ebbwatch_value_tier_moved_users"
TIER_MOVED_REVENUE: Final = "ebbwatch_value_tier_moved_money"

# the jobs themselves
JOB_SUCCESS: Final = "ebbwatch_job_success"
JOB_FINISHED: Final = "ebbwatch_job_finished_timestamp_seconds"
JOB_AS_OF: Final = "ebbwatch_job_as_of_timestamp_seconds"
JOB_DURATION: Final = "ebbwatch_job_duration_seconds"
JOB_ROWS: Final = "ebbwatch_job_rows"

# workers
RECORDS: Final = "ebbwatch_worker_records_total"
LAG: Final = "ebbwatch_worker_lag_records"
CLOCK: Final = "ebbwatch_worker_clock_timestamp_seconds"
BATCH_AGE: Final = "ebbwatch_worker_batch_age_seconds"
BATCH_TIME: Final = "ebbwatch_worker_batch_seconds"
WRITE_TIME: Final = "ebbwatch_worker_write_seconds"
STATES_WRITTEN: Final = "ebbwatch_worker_states_written_total"
WAITS: Final = "ebbwatch_worker_waits_total"
ALERTS: Final = "ebbwatch_worker_alerts_total"
ALERTS_HELD: Final = "ebbwatch_worker_alerts_held"
REFUSED_VERSIONS: Final = "ebbwatch_worker_refused_versions_total"
SWAP_TIME: Final = "ebbwatch_worker_swap_seconds"
WORKER_RESTARTS: Final = "ebbwatch_worker_restarts"

# the trainer
TRAINER_LAG: Final = "ebbwatch_trainer_lag_records"
TRAINER_CLOCK: Final = "ebbwatch_trainer_clock_timestamp_seconds"
TRAINER_WAITING: Final = "ebbwatch_trainer_waiting_snapshots"
TRAINER_LEARNED: Final = "ebbwatch_trainer_learned_examples"
TRAINER_BYTES: Final = "ebbwatch_trainer_learner_bytes"
LOG_LOSS: Final = "ebbwatch_trainer_log_loss"
ROC_AUC: Final = "ebbwatch_trainer_roc_auc"
BRIER: Final = "ebbwatch_trainer_brier_score"
CALIBRATION_ERROR: Final = "ebbwatch_trainer_calibration_error_ratio"
CALIBRATION_SLOPE: Final = "ebbwatch_trainer_calibration_slope"
OBSERVED_OVER_EXPECTED: Final = "ebbwatch_trainer_observed_over_expected_ratio"
RELIABILITY: Final = "ebbwatch_trainer_reliability_ratio"
TIER_PRECISION: Final = "ebbwatch_trainer_tier_precision_ratio"
FEATURE_PSI: Final = "ebbwatch_trainer_feature_psi"
DRIFT_ALARMS: Final = "ebbwatch_trainer_drift_alarms_total"
DECISIONS: Final = "ebbwatch_trainer_decisions_total"
PUBLISHED: Final = "ebbwatch_trainer_published_versions_total"
SERVES_SHARE: Final = "ebbwatch_trainer_serves_ratio"
SERVING_VERSION: Final = "ebbwatch_trainer_serving_version_info"
TRAINER_RESTARTS: Final = "ebbwatch_trainer_restarts"

# the archiver
ARCHIVER_LAG: Final = "ebbwatch_archiver_lag_records"
ARCHIVER_RESTARTS: Final = "ebbwatch_archiver_restarts"
NOTIFIER_RESTARTS: Final = "ebbwatch_notifier_restarts"

# the API: how things stand in Redis and Kafka
USERS_AT_RISK: Final = "ebbwatch_store_at_risk_users"
USERS_KNOWN: Final = "ebbwatch_store_known_users"
ALERTS_STANDING: Final = "ebbwatch_notifier_alerts"
ALERTS_RELEASED: Final = "ebbwatch_store_released_alerts"
REDIS_MEMORY: Final = "ebbwatch_redis_used_memory_bytes"
REDIS_MOST_MEMORY: Final = "ebbwatch_redis_max_memory_bytes"
REDIS_LOG: Final = "ebbwatch_redis_aof_bytes"
REDIS_CLIENTS: Final = "ebbwatch_redis_connected_clients"
LOG_RECORDS: Final = "ebbwatch_api_log_records"
READY: Final = "ebbwatch_api_ready"
REQUESTS: Final = "ebbwatch_api_requests_total"
REQUEST_TIME: Final = "ebbwatch_api_request_seconds"
API_EVENTS: Final = "ebbwatch_api_events_total"
PROJECTION_LAG: Final = "ebbwatch_api_projection_records"
API_RESTARTS: Final = "ebbwatch_api_restarts"

# the advisor
ADVISOR_STEPS: Final = "ebbwatch_advisor_steps_total"
ADVISOR_STEP_TIME: Final = "ebbwatch_advisor_step_seconds"
ADVISOR_RUNNING: Final = "ebbwatch_advisor_running_steps"
ADVISOR_WAITING: Final = "ebbwatch_advisor_waiting_workspaces"
ADVISOR_OLDEST: Final = "ebbwatch_advisor_oldest_waiting_seconds"
ADVISOR_LOOKED: Final = "ebbwatch_advisor_look_timestamp_seconds"
WORKSPACES: Final = "ebbwatch_advisor_workspaces"
WORKSPACES_BYTES: Final = "ebbwatch_advisor_stored_bytes"
WORKSPACES_GONE: Final = "ebbwatch_advisor_gone_workspaces_total"
ADVISOR_RESTARTS: Final = "ebbwatch_advisor_restarts"

# the console
CONSOLE_REQUESTS: Final = "ebbwatch_console_requests_total"
CONSOLE_REQUEST_TIME: Final = "ebbwatch_console_request_seconds"
CONSOLE_CALLS: Final = "ebbwatch_console_calls_total"
CONSOLE_CALL_TIME: Final = "ebbwatch_console_call_seconds"
CONSOLE_CLIENTS: Final = "ebbwatch_console_clients"
CONSOLE_SESSIONS: Final = "ebbwatch_console_sessions"
REFUSED_SIGN_INS: Final = "ebbwatch_console_refused_sign_ins_total"
CONSOLE_RESTARTS: Final = "ebbwatch_console_restarts"

# the courier
DELIVERIES: Final = "ebbwatch_courier_deliveries_total"
WEBHOOKS_WAITING: Final = "ebbwatch_courier_waiting_deliveries"
COURIER_RESTARTS: Final = "ebbwatch_courier_restarts"
EXPORTER_RESTARTS: Final = "ebbwatch_exporter_restarts"
