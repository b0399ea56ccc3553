using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Files;

/// <summary>Where the devices of a hub write their files: a container of a storage account, or the embedded blob endpoint.</summary>
internal abstract class UploadPlace
{
    /// <summary>Read and write, as the service gives them: clients look at what they wrote.</summary>
    protected const string Permissions = "rw";

    /// <summary>Whoever wrote the file's time has a clock of its own: an account, which tells whole seconds; another node; this one before its clock was set.</summary>
    protected static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>Names it in the store, so that what was begun at one is not looked for at another; no secret.</summary>
    internal abstract string Address { get; }

    /// <summary>What a device needs to write this one blob.</summary>
    internal abstract Task<FileUploadTicket> TicketAsync(HubName hub, string blob, UploadMark upload, DateTimeOffset expires, CancellationToken cancellationToken);

    /// <summary>The file, when it was written since then; null when not. ServiceUnavailable when that cannot be found out now.</summary>
    internal abstract Task<Result<WrittenFile?>> FindAsync(HubName hub, string blob, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>Where back ends find the file.</summary>
    /// <param name="blob">Name.</param>
    /// <param name="endpoint">Scheme, host and port that the device has reached the hub at.</param>
    internal abstract string AddressOf(string blob, string endpoint);
}
