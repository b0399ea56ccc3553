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
}
