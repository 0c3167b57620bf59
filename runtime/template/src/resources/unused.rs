//! Properties that are known and have no effect here, with the reason that is shown to the user.

/// Of functions, in both spellings. A role is passed on, because GetFunction shows it.
pub(super) const FUNCTION: [(&str, &str); 14] = [
    (
        "CapacityProviderConfig",
        "functions run on this machine; only the number of invocations in one process is used",
    ),
    ("CodeSigningConfigArn", "signatures of code are not checked here"),
    ("DurableConfig.KMSKeyArn", "the data of executions is not encrypted here"),
    ("FileSystemConfigs", "file systems are not mounted here; functions see those of this machine"),
    ("FunctionScalingConfig", "processes are started as they are needed"),
    ("ImageConfig", "container images are not run here"),
    ("KmsKeyArn", "environment variables are not encrypted here"),
    ("Layers", "layers are not fetched; put what the function needs into its code"),
    ("PublishToLatestPublished", "there is no $LATEST.PUBLISHED here"),
    ("RecursiveLoop", "recursive loops are not looked for"),
    ("Role", "roles are not assumed here; the ARN is only shown"),
    ("RuntimeManagementConfig", "functions run on what is installed on this machine"),
    ("SnapStart", "processes are started without snapshots"),
    ("VpcConfig", "functions are in the network of this machine"),
];

/// Of functions, in CloudFormation's spelling only.
pub(super) const PLAIN_FUNCTION: [(&str, &str); 2] = [
    ("DeadLetterConfig", "events that fail are not sent anywhere here"),
    ("TracingConfig", "traces are not collected here"),
];

/// Of functions, in SAM's spelling only.
pub(super) const SERVERLESS_FUNCTION: [(&str, &str); 14] = [
    ("AssumeRolePolicyDocument", "roles are not assumed here"),
    ("DeadLetterQueue", "events that fail are not sent anywhere here"),
    ("DeploymentPreference", "an alias moves to the new version at once"),
    ("EventInvokeConfig", "asynchronous invocations have the default retries, and no destinations"),
    ("Events", "no event source calls functions here; invoke them through the Lambda API"),
    ("FunctionUrlConfig", "functions have no URLs here; invoke them through the Lambda API"),
    ("PermissionsBoundary", "permissions are not checked here"),
    ("Policies", "permissions are not checked here"),
    ("PropagateTags", "tags are not passed on to other resources"),
    ("ProvisionedConcurrencyConfig", "processes are started as they are needed"),
    ("RolePath", "roles are not made here"),
    ("SourceKMSKeyArn", "code is not encrypted here"),
    ("Tracing", "traces are not collected here"),
    ("VersionDeletionPolicy", "versions are kept"),
];

/// Of tables.
pub(super) const TABLE: [(&str, &str); 8] = [
    ("ContributorInsightsSpecification", "access patterns are not counted here"),
    ("ImportSourceSpecification", "nothing is imported from S3; write the items after the start"),
    ("KinesisStreamSpecification", "there are no Kinesis streams here"),
    ("OnDemandThroughput", "throughput is not limited here"),
    ("PointInTimeRecoverySpecification", "there are no backups; copy the data directory"),
    ("ResourcePolicy", "permissions are not checked here"),
    ("WarmThroughput", "throughput is not limited here"),
    ("MultiRegionConsistency", "there is one region here"),
];

/// Of global tables only.
pub(super) const GLOBAL_TABLE: [(&str, &str); 6] = [
    ("GlobalTableWitnesses", "there is one region here"),
    ("Replicas", "there is one region here, so there are no replicas"),
    ("ReadOnDemandThroughputSettings", "throughput is not limited here"),
    ("ReadProvisionedThroughputSettings", "throughput is not limited here"),
    ("WriteOnDemandThroughputSettings", "throughput is not limited here"),
    ("WriteProvisionedThroughputSettings", "throughput is not limited here"),
];

/// Of versions and aliases.
pub(super) const VERSION: [(&str, &str); 4] = [
    ("CodeSha256", "the version is made of the code that is there"),
    ("FunctionScalingConfig", "processes are started as they are needed"),
    ("ProvisionedConcurrencyConfig", "processes are started as they are needed"),
    ("RuntimePolicy", "functions run on what is installed on this machine"),
];

/// Of log groups.
pub(super) const LOG_GROUP: [(&str, &str); 6] = [
    ("DataProtectionPolicy", "lines are kept as they are written"),
    ("DeletionProtectionEnabled", "log groups are not protected here"),
    ("FieldIndexPolicies", "log lines are not indexed here"),
    ("KmsKeyId", "log lines are not encrypted here"),
    ("LogGroupClass", "there is one class of log groups here"),
    ("ResourcePolicyDocument", "permissions are not checked here"),
];

/// The names in such a table, without those of what is inside of others.
pub(super) fn names(table: &[(&'static str, &str)]) -> impl Iterator<Item = &'static str> {
    table.iter().map(|(name, _)| *name).filter(|name| !name.contains('.'))
}
