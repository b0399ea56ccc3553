using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Contracts.Signals;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Sinks.Hubs;
using Gatehouse.Sinks.Outbound;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>The hubs that a service is linked with: of this server by host name, of others by connection string. Each change is one transaction with its audit record, under the service's lock.</summary>
internal sealed class LinkedHubSettings(Database database, SecretVault vault, IDeviceRegistrar registrar, RevocationNotices.RevocationNotices notices, ProvisioningOptions options)
{
    private const int MaxLocationLength = 64;
    private const int PageSize = 500;

    internal Task<IReadOnlyList<LinkedHub>> ListAsync(HubName service, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => LinkedHubRows.ReadAllAsync(connection, service, token), cancellationToken);

    /// <summary>LinkedHubNotFound.</summary>
    internal async Task<Result<LinkedHub>> FindAsync(HubName service, string name, CancellationToken cancellationToken) =>
        (await ListAsync(service, cancellationToken)).FirstOrDefault(hub => Is(hub, name)) is { } found ? found : ProvisioningErrors.LinkedHubNotFound;

    /// <summary>Links a hub without If-Match, changes a link with it. One of this server refuses what the service has revoked when this returns. ArgumentInvalid, PreconditionFailed, LinkedHubConflict.</summary>
    internal async Task<Result<LinkedHub>> PutAsync(HubName service, string actor, string name, LinkedHubDocument document, string? etag, CancellationToken cancellationToken)
    {
        var isNew = false;
        var written = await WriteAsync(
            service,
            async (transaction, token) =>
            {
                var all = await LinkedHubRows.ReadAllAsync(transaction.Connection, service, token, transaction.Transaction);
                var present = all.FirstOrDefault(hub => Is(hub, name));
                if (present is null ? etag is not null : etag is null || !EntityTag.Fits(etag, present.Etag))
                {
                    return ProvisioningErrors.PreconditionFailed.With(present is null ? "The linked hub does not exist." : "The hub is linked: send If-Match with its ETag.");
                }

                var read = Read(service, name, document, present, all);
                if (!read.IsOk)
                {
                    return read.Error;
                }

                isNew = present is null;
                if (isNew && all.Count >= options.LinkedHubs.MaxHubs)
                {
                    return ProvisioningErrors.LinkedHubConflict.With($"The service has {options.LinkedHubs.MaxHubs} linked hubs, the most it may have.");
                }

                if (isNew)
                {
                    await LinkedHubRows.InsertAsync(transaction, service, read.Value, token);
                    await notices.KeepAllAsync(transaction, service, read.Value, actor, token);
                }
                else
                {
                    await LinkedHubRows.UpdateAsync(transaction, service, read.Value, token);
                }

                return Record(transaction, service, read.Value, actor, isNew ? "create" : "update", isNewConnection: read.Value.Connection != present?.Connection);
            },
            cancellationToken);
        if (written.IsOk && isNew)
        {
            await notices.TellAllAsync(written.Value, cancellationToken);
        }

        return written;
    }

    /// <summary>Ends a link. LinkedHubNotFound, PreconditionFailed; LinkedHubConflict while devices are assigned to it or enrollments name it, unless it is forced: they keep what they have.</summary>
    internal Task<Result<LinkedHub>> DeleteAsync(HubName service, string actor, string name, string? etag, bool isForced, CancellationToken cancellationToken) => WriteAsync(
        service,
        async (transaction, token) =>
        {
            var all = await LinkedHubRows.ReadAllAsync(transaction.Connection, service, token, transaction.Transaction);
            if (all.FirstOrDefault(hub => Is(hub, name)) is not { } present)
            {
                return ProvisioningErrors.LinkedHubNotFound;
            }

            if (etag is null || !EntityTag.Fits(etag, present.Etag))
            {
                return etag is null ? ProvisioningErrors.PreconditionFailed.With("Send If-Match with the linked hub's ETag.") : ProvisioningErrors.PreconditionFailed;
            }

            if (!isForced && await UserAsync(transaction, service, present, token) is { } user)
            {
                return ProvisioningErrors.LinkedHubConflict.With($"{user} With force=true the link goes all the same: devices stay in the hub, and enrollments that name no other find none.");
            }

            await LinkedHubRows.DeleteAsync(transaction, service, present, token);
            return Record(transaction, service, present, actor, "delete", isForced: isForced);
        },
        cancellationToken);

    private static bool Is(LinkedHub hub, string name) => hub.HostName.Equals(name, StringComparison.OrdinalIgnoreCase);

    private Result<LinkedHub> Read(HubName service, string name, LinkedHubDocument document, LinkedHub? present, IReadOnlyList<LinkedHub> all)
    {
        if (document.Name is { } named && !named.Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            return Invalid("The name of the body is not that of the path.");
        }

        var weight = document.AllocationWeight ?? present?.Weight ?? LinkedHub.DefaultWeight;
        var location = document.Location ?? present?.Location ?? "";
        if (weight is < 1 or > LinkedHub.MaxWeight)
        {
            return Invalid($"The allocationWeight must be 1 to {LinkedHub.MaxWeight}.");
        }

        if (location.Length > MaxLocationLength || location.Any(char.IsControl))
        {
            return Invalid($"The location must have at most {MaxLocationLength} characters.");
        }

        var hub = present ?? new LinkedHub(name.ToLowerInvariant(), null, weight, true) { GenerationId = Guid.NewGuid().ToString("N") };
        hub = hub with { Weight = weight, Applies = document.ApplyAllocationPolicy ?? present?.Applies ?? true, Location = location, Etag = EntityTag.New() };
        var text = document.ConnectionString is { } given && given != present?.ConnectionShown ? given : null;
        var here = present is null ? registrar.FindHub(name) : present.Hub;
        return here is { } own ? ReadHere(hub with { Hub = own }, text, document, all, present is null)
            : present is null && text is null ? Invalid($"No hub of this server has the host name '{hub.HostName}', and there is no connectionString of one on another server.")
            : ReadElsewhere(service, hub, text, document);
    }

    private static Result<LinkedHub> ReadHere(LinkedHub hub, string? text, LinkedHubDocument document, IReadOnlyList<LinkedHub> all, bool isNew) =>
        text is not null || !string.IsNullOrEmpty(document.CertificateAuthorities) ? Invalid($"'{hub.HostName}' is a hub of this server: it is linked without a connectionString and certificateAuthorities.")
        : isNew && all.FirstOrDefault(each => each.Hub == hub.Hub) is { } other ? ProvisioningErrors.LinkedHubConflict.With($"This hub is linked as '{other.HostName}'.")
        : hub;

    private Result<LinkedHub> ReadElsewhere(HubName service, LinkedHub hub, string? text, LinkedHubDocument document)
    {
        var authorities = document.CertificateAuthorities?.Trim() ?? hub.Authorities;
        if (authorities.Length > 0 && OutboundRoots.Parse(authorities, out var unreadable) is null)
        {
            return Invalid(unreadable);
        }

        hub = hub with { Authorities = authorities };
        return text is null ? hub
            : HubTarget.Parse(text, out var fault) is not { } target ? Invalid(fault)
            : target.HostName != hub.HostName ? Invalid("The name of a linked hub is the HostName of its connectionString, without the port.")
            : hub with { Connection = vault.Seal(Encoding.UTF8.GetBytes(text), hub.BindingOf(service)), ConnectionShown = HubTarget.Masked(text) };
    }

    /// <summary>Who needs the link, in a sentence; null when nobody does.</summary>
    private static async Task<string?> UserAsync(WriteTransaction transaction, HubName service, LinkedHub hub, CancellationToken cancellationToken)
    {
        if (await RegistrationRows.FindAssignedAsync(transaction, service, hub.HostName, cancellationToken) is { } device)
        {
            return $"Devices are assigned to the hub, as registration '{device}' is.";
        }

        foreach (var kind in new[] { EnrollmentKind.Individual, EnrollmentKind.Group })
        {
            for (var after = ""; ;)
            {
                var page = await EnrollmentRows.ListMentioningAsync(transaction, service, kind, hub.HostName, after, PageSize, cancellationToken);
                if (page.FirstOrDefault(row => row.ReadSettings().IotHubs?.Contains(hub.HostName) == true) is { } user)
                {
                    return $"The {(kind == EnrollmentKind.Group ? "enrollment group" : "individual enrollment")} '{user.Name}' names the hub.";
                }

                if (page.Count < PageSize)
                {
                    break;
                }

                after = page[^1].Id;
            }
        }

        return null;
    }

    private Task<Result<LinkedHub>> WriteAsync(HubName service, Func<WriteTransaction, CancellationToken, Task<Result<LinkedHub>>> write, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (transaction, token) => await InstanceRows.LockAsync(transaction, database.Dialect, service, token) is null ? ProvisioningErrors.NotFound : await write(transaction, token),
            cancellationToken);

    private static LinkedHub Record(WriteTransaction transaction, HubName service, LinkedHub hub, string actor, string verb, bool isNewConnection = false, bool isForced = false)
    {
        var detail = new JsonObject { ["allocationWeight"] = hub.Weight, ["applyAllocationPolicy"] = hub.Applies };
        if (hub.ConnectionShown.Length > 0)
        {
            detail["connectionString"] = hub.ConnectionShown;
            detail["isNewConnectionString"] = isNewConnection;
        }

        if (isForced)
        {
            detail["isForced"] = true;
        }

        transaction.Audit(new AuditRecord { Hub = service.Value, Actor = actor, Action = $"linkedhub.{verb}", Subject = hub.HostName, Detail = detail.ToJsonString() });
        transaction.Signal(new Signal(SignalSubjects.ProvisioningChanged, service.Value, ""));
        return hub;
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
