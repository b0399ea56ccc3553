using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Files;

/// <summary>Log lines of files, events 2260–2279.</summary>
internal static partial class FilesLog
{
    [LoggerMessage(2260, LogLevel.Warning, "Left-over files could not be removed; it is tried again later.", EventName = "FileUpkeepFailed")]
    internal static partial void FileUpkeepFailed(this ILogger logger, Exception error);

    [LoggerMessage(2261, LogLevel.Information, "Removed {Count} blocks of uploads that were never finished.", EventName = "UnfinishedFilesRemoved")]
    internal static partial void UnfinishedFilesRemoved(this ILogger logger, int count);

    [LoggerMessage(2262, LogLevel.Information, "Device {Device} of hub {Hub} began to upload {Blob} at {Started:u} and never said what became of it.", EventName = "UploadNotFinished")]
    internal static partial void UploadNotFinished(this ILogger logger, string device, string hub, string blob, DateTimeOffset started);

    [LoggerMessage(2263, LogLevel.Information, "So did devices with {Count} other uploads.", EventName = "MoreUploadsNotFinished")]
    internal static partial void MoreUploadsNotFinished(this ILogger logger, int count);

    [LoggerMessage(2264, LogLevel.Information, "Removed {Count} files that were older than --files-retention.", EventName = "FilesExpired")]
    internal static partial void FilesExpired(this ILogger logger, int count);

    [LoggerMessage(2265, LogLevel.Warning, "Devices cannot upload files to this node: other nodes may serve the hub too, and each would have a part of the files. Give the hub a storage account (gatehouse file-upload update), or all nodes one directory (--files).", EventName = "EmbeddedEndpointOff")]
    internal static partial void EmbeddedEndpointOff(this ILogger logger);

    [LoggerMessage(2266, LogLevel.Warning, "The storage account for files of hub {Hub} fails: {Problem} Devices that have uploaded are told to say so again later.", EventName = "StorageAccountFails")]
    internal static partial void StorageAccountFails(this ILogger logger, HubName hub, string problem);

    [LoggerMessage(2267, LogLevel.Information, "The storage account for files of hub {Hub} answers again.", EventName = "StorageAccountAnswers")]
    internal static partial void StorageAccountAnswers(this ILogger logger, HubName hub);
}
