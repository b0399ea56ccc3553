using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Resources;
using Gatehouse.Sinks.Blobs;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Imports of identities from a blob and exports to one. <see cref="JobRunner"/> runs them.</summary>
/// <remarks>Source: IoT Hub "Import and export IoT Hub device identities in bulk" page.</remarks>
public sealed class ImportExportJobs
{
    internal const string ErrorsBlob = "importErrors.log";
    private const string DefaultBlob = "devices.txt";
    private const string DefaultConfigurationsBlob = "configurations.txt";
    private const int MaxBlobName = 1024;

    private readonly ImportExportParts parts;

    internal ImportExportJobs(ImportExportParts parts) => this.parts = parts;

    /// <summary>Tells that a job may be due.</summary>
    internal event Action? Changed;

    /// <summary>Looks at the containers, then makes the job. ArgumentInvalid, ArgumentNull, BlobContainerValidationError, JobQuotaExceeded.</summary>
    public async Task<Result<ImportExportJob>> CreateAsync(HubName hub, string actor, ImportExportInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        var jobId = Guid.NewGuid().ToString();
        var read = Read(input);
        if (!read.IsOk)
        {
            return read.Error;
        }

        // Before the storage service is called: who has as many as may is told so at no cost.
        if (await CheckQuotaAsync(hub, cancellationToken) is { } full)
        {
            return full;
        }

        var (settings, addresses, type) = read.Value;
        if (await TryContainersAsync(settings, addresses, type, cancellationToken) is { } unusable)
        {
            return unusable.Code == HubErrors.BlobContainerValidationError.Code ? unusable : HubErrors.BlobContainerValidationError.With(unusable.Message);
        }

        var row = new ImportExportRow
        {
            Hub = hub.Value,
            JobId = jobId,
            JobType = type,
            Status = JobStates.Enqueued,
            Actor = actor,
            Settings = JsonSerializer.Serialize(settings, ImportExportJson.Default.ImportExportSettings),
            Containers = parts.Seal.Seal(hub, jobId, addresses),
            Created = parts.Now.UtcTicks,
        };
        var made = await parts.Database.WriteAsync<ImportExportJob>(
            async (write, token) =>
            {
                if (await HubLock.TakeAsync(write, parts.Database.Dialect, hub, token) is { } gone)
                {
                    return gone;
                }

                if (await ImportExportRows.CountActiveAsync(write, hub, token) >= parts.Options.MaxActive)
                {
                    return TooMany();
                }

                await ImportExportRows.InsertAsync(write, row, token);
                write.Audit(Record(row, actor, $"registry.{type}", settings));
                return row.Show();
            },
            cancellationToken);
        Changed?.Invoke();
        return made;
    }

    /// <summary>JobNotFound.</summary>
    public async Task<Result<ImportExportJob>> GetAsync(HubName hub, string jobId, CancellationToken cancellationToken) =>
        JobRules.IsId(jobId) && await parts.Database.ReadAsync((connection, token) => ImportExportRows.FindAsync(connection, hub, jobId, token), cancellationToken) is { } row ? row.Show() : HubErrors.JobNotFound;

    /// <summary>All that are kept, newest first.</summary>
    public async Task<IReadOnlyList<ImportExportJob>> ListAsync(HubName hub, CancellationToken cancellationToken) =>
        [.. (await parts.Database.ReadAsync((connection, token) => ImportExportRows.ListAsync(connection, hub, token), cancellationToken)).Select(row => row.Show())];

    /// <summary>Stops one; what it did stays. One that has ended stays as it is. JobNotFound.</summary>
    public async Task<Result<ImportExportJob>> CancelAsync(HubName hub, string actor, string jobId, CancellationToken cancellationToken)
    {
        if (!JobRules.IsId(jobId))
        {
            return HubErrors.JobNotFound;
        }

        return await parts.Database.WriteAsync<ImportExportJob>(
            async (write, token) =>
            {
                if (await ImportExportRows.LockAsync(write, parts.Database.Dialect, hub, jobId, token) is not { } row)
                {
                    return HubErrors.JobNotFound;
                }

                if (JobStates.HasEnded(row.Status))
                {
                    return row.Show();
                }

                var ended = row.End(JobStates.Cancelled, parts.Now);
                await ImportExportRows.UpdateAsync(write, ended, token);
                await ImportExportRows.RemoveErrorsAsync(write, ended, token);
                write.Audit(Record(ended, actor, "job.cancel", row.ReadSettings()));
                return ended.Show();
            },
            cancellationToken);
    }

    private Result<(ImportExportSettings Settings, ContainerAddresses Addresses, string Type)> Read(ImportExportInput input)
    {
        var type = JobTypes.Find(input.Type ?? "");
        if (type is not (JobTypes.Import or JobTypes.Export))
        {
            return HubErrors.ArgumentInvalid.With("The type must be import or export.");
        }

        if (!string.IsNullOrEmpty(input.StorageAuthenticationType) && !input.StorageAuthenticationType.Equals("keyBased", StringComparison.OrdinalIgnoreCase))
        {
            return HubErrors.ArgumentInvalid.With("The storageAuthenticationType must be keyBased: this hub has no managed identity of Microsoft Entra to show to a storage account, only the token that the address of the container bears.");
        }

        if ((type == JobTypes.Import ? Check("inputBlobContainerUri", input.InputBlobContainerUri) : null) is { } wrongInput)
        {
            return wrongInput;
        }

        if (Check("outputBlobContainerUri", input.OutputBlobContainerUri) is { } wrongOutput)
        {
            return wrongOutput;
        }

        var settings = new ImportExportSettings(
            NameOf(input.InputBlobName, DefaultBlob),
            NameOf(input.OutputBlobName, DefaultBlob),
            input.ExcludeKeysInExport,
            input.IncludeConfigurations ? NameOf(input.ConfigurationsBlobName, DefaultConfigurationsBlob) : null);
        if (settings.ConfigurationsBlob is { } configurations && configurations == (type == JobTypes.Import ? settings.InputBlob : settings.OutputBlob))
        {
            return HubErrors.ArgumentInvalid.With("Identities and configurations need a blob each.");
        }

        return IsBlobName(settings.InputBlob) && IsBlobName(settings.OutputBlob) && IsBlobName(settings.ConfigurationsBlob ?? DefaultConfigurationsBlob)
            ? (settings, new ContainerAddresses(type == JobTypes.Import ? input.InputBlobContainerUri! : "", input.OutputBlobContainerUri!), type)
            : HubErrors.ArgumentInvalid.With($"The name of a blob has 1 to {MaxBlobName} characters, none of them a control character, and no part . or ..");
    }

    private HubError? Check(string name, string? address) =>
        string.IsNullOrEmpty(address) ? HubErrors.ArgumentNull.With($"The {name} is missing.")
        : BlobContainer.Check(address, parts.Sinks) is { } fault ? HubErrors.BlobContainerValidationError.With($"The {name} {fault}")
        : null;

    private static string NameOf(string? name, string otherwise) => string.IsNullOrEmpty(name) ? otherwise : name;

    private static bool IsBlobName(string name) => name.Length <= MaxBlobName && !name.Any(char.IsControl) && !name.Split('/', '\\').Any(part => part is "." or "..");

    private async Task<HubError?> CheckQuotaAsync(HubName hub, CancellationToken cancellationToken)
    {
        var active = await parts.Database.ReadAsync((connection, token) => ImportExportRows.FindActiveAsync(connection, hub, token), cancellationToken);
        return active.Count >= parts.Options.MaxActive ? TooMany() : null;
    }

    private HubError TooMany() => HubErrors.JobQuotaExceeded.With($"At most {parts.Options.MaxActive} imports and exports may be under way.");

    // A block that is part of no blob shows that the token may write, and harms nothing that is there.
    private async Task<HubError?> TryContainersAsync(ImportExportSettings settings, ContainerAddresses addresses, string type, CancellationToken cancellationToken)
    {
        if (type == JobTypes.Import)
        {
            using var input = new BlobContainer(addresses.Input, parts.Sinks);
            foreach (var blob in settings.InputBlobs())
            {
                if (await input.FindAsync(blob, cancellationToken) is { IsOk: false } missing)
                {
                    return missing.Error;
                }
            }
        }

        using var output = new BlobContainer(addresses.Output, parts.Sinks);
        return await output.PutBlockAsync(type == JobTypes.Import ? ErrorsBlob : settings.OutputBlob, 0, "\n"u8.ToArray(), cancellationToken);
    }

    private static AuditRecord Record(ImportExportRow row, string actor, string action, ImportExportSettings settings) => new()
    {
        Hub = row.Hub,
        Actor = actor,
        Action = action,
        Subject = row.JobId,
        Detail = Describe(row, settings).ToJsonString(),
    };

    private static JsonObject Describe(ImportExportRow row, ImportExportSettings settings)
    {
        var detail = row.IsImport ? new JsonObject { ["blob"] = settings.InputBlob } : new JsonObject { ["blob"] = settings.OutputBlob, ["keys"] = !settings.ExcludeKeys };
        if (settings.ConfigurationsBlob is { } blob)
        {
            detail["configurations"] = blob;
        }

        return detail;
    }
}
