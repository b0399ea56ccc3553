using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Files;

/// <summary>Log lines of files, events 2260–2279.</summary>
internal static partial class FilesLog
{
    [LoggerMessage(2260, LogLevel.Warning, "Left-over files could not be removed; it is tried again later.", EventName = "FileUpkeepFailed")]
    internal static partial void FileUpkeepFailed(this ILogger logger, Exception error);

    [LoggerMessage(2261, LogLevel.Information, "Removed {Count} files of uploads that were never finished.", EventName = "UnfinishedFilesRemoved")]
    internal static partial void UnfinishedFilesRemoved(this ILogger logger, int count);
}
