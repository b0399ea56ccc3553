using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

internal static partial class ConfigurationLog
{
    [LoggerMessage(2200, LogLevel.Error, "Configuration {Configuration} cannot be read and is applied to nobody: {Reason}", EventName = "ConfigurationNotRead")]
    internal static partial void ConfigurationNotRead(this ILogger logger, string configuration, string reason);

    [LoggerMessage(2201, LogLevel.Warning, "Configuration {Configuration} cannot be applied to {Twin}, and perhaps not to others: the desired properties would be too large.", EventName = "ConfigurationNotApplied")]
    internal static partial void ConfigurationNotApplied(this ILogger logger, string configuration, string twin);

    [LoggerMessage(2202, LogLevel.Warning, "A module that a deployment needs cannot be made on {Device}, and perhaps not on others: {Reason}", EventName = "DeployedModuleNotMade")]
    internal static partial void DeployedModuleNotMade(this ILogger logger, string device, string reason);

    [LoggerMessage(2203, LogLevel.Error, "Configurations of hub {Hub} could not be looked after; it is tried again.", EventName = "ConfigurationsFailed")]
    internal static partial void ConfigurationsFailed(this ILogger logger, string hub, Exception error);

    [LoggerMessage(2204, LogLevel.Information, "Configuration {Configuration} was gone through: {Twins} twins, {Changed} of them changed.", EventName = "ConfigurationSwept")]
    internal static partial void ConfigurationSwept(this ILogger logger, string configuration, long twins, long changed);

    [LoggerMessage(2205, LogLevel.Information, "A node ended without saying that nothing was left: all configurations of hub {Hub} are gone through.", EventName = "ConfigurationsRecovered")]
    internal static partial void ConfigurationsRecovered(this ILogger logger, string hub);

    [LoggerMessage(2206, LogLevel.Warning, "More changed twins wait than {Most}: all configurations of hub {Hub} are gone through instead.", EventName = "ConfigurationsOverrun")]
    internal static partial void ConfigurationsOverrun(this ILogger logger, string hub, int most);

    [LoggerMessage(2207, LogLevel.Warning, "Metric {Metric} of configuration {Configuration} cannot be counted: {Reason}", EventName = "ConfigurationMetricFailed")]
    internal static partial void ConfigurationMetricFailed(this ILogger logger, string configuration, string metric, string reason);

    [LoggerMessage(2208, LogLevel.Error, "The configurations of {Twin} could not be evaluated; it stays as it is. That is a bug.", EventName = "TwinNotEvaluated")]
    internal static partial void TwinNotEvaluated(this ILogger logger, string twin, Exception error);
}
