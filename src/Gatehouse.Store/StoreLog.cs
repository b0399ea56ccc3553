using Microsoft.Extensions.Logging;

namespace Gatehouse.Store;

internal static partial class StoreLog
{
    [LoggerMessage(1200, LogLevel.Information, "Schema script {Script} was run.", EventName = "SchemaScriptRun")]
    internal static partial void ScriptRun(ILogger logger, string script);

    [LoggerMessage(1201, LogLevel.Error, "Refusals could not be written; {Count} are lost from the audit log.", EventName = "RefusalsLost")]
    internal static partial void RefusalsLost(ILogger logger, int count, Exception error);

    [LoggerMessage(1202, LogLevel.Information, "The audit log was cut: {Count} records went, the rest verifies from the anchor.", EventName = "AuditPruned")]
    internal static partial void AuditPruned(ILogger logger, long count);

    [LoggerMessage(1203, LogLevel.Warning, "The audit log could not be cut to size; it is tried again later.", EventName = "AuditPruneFailed")]
    internal static partial void AuditPruneFailed(ILogger logger, Exception error);

    [LoggerMessage(1204, LogLevel.Warning, "{Kind} '{Name}' of {Tenant} ends at {NotAfter:u}: within {Days} days. {Subject}", EventName = "CertificateEnds")]
    internal static partial void CertificateEnds(ILogger logger, string kind, string name, string tenant, DateTime notAfter, int days, string subject);

    [LoggerMessage(1205, LogLevel.Error, "{Kind} '{Name}' of {Tenant} has ended at {NotAfter:u}. {Subject}", EventName = "CertificateHasEnded")]
    internal static partial void CertificateHasEnded(ILogger logger, string kind, string name, string tenant, DateTime notAfter, string subject);

    [LoggerMessage(1206, LogLevel.Warning, "{Count} devices of {Tenant} have no certificate that is good for more than {Days} days, among them '{Name}'; who they are: gatehouse certificate alarms.", EventName = "DeviceCertificatesEnd")]
    internal static partial void DeviceCertificatesEnd(ILogger logger, int count, string tenant, int days, string name);

    [LoggerMessage(1207, LogLevel.Warning, "The ends of certificates could not be looked at; it is tried again.", EventName = "CertificateAlarmsNotRaised")]
    internal static partial void AlarmsNotRaised(ILogger logger, Exception error);

    [LoggerMessage(1208, LogLevel.Warning, "{Count} certificates that were seen could not be written and are tried again.", EventName = "SightingsNotWritten")]
    internal static partial void SightingsNotWritten(ILogger logger, int count, Exception error);

    [LoggerMessage(1209, LogLevel.Warning, "{Count} certificates were not taken into the inventory: too many waited to be written. They are when their devices come again.", EventName = "SightingsLost")]
    internal static partial void SightingsLost(ILogger logger, long count);
}
