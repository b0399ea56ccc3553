using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;

namespace Gatehouse.Hub.ImportExport;

/// <summary>SQL of exports.</summary>
internal static class ExportRows
{
    /// <summary>Identities with their twins after a place, devices before their modules.</summary>
    internal static async Task<IReadOnlyList<(IdentityRow Identity, ExportedTwin? Twin)>> ReadAsync(
        DbConnection connection, HubName hub, (string Device, string Module) after, int limit, CancellationToken cancellationToken)
    {
        var identities = await IdentityRows.ListAsync(connection, hub, after, limit, cancellationToken);
        if (identities.Count == 0)
        {
            return [];
        }

        var (last, lastModule) = (identities[^1].DeviceId, identities[^1].ModuleId);
        var twins = await connection.QueryAsync<ExportedTwin>(new CommandDefinition(
            """
            SELECT device_id AS DeviceId, module_id AS ModuleId, generation_id AS GenerationId, etag AS Etag, tags AS Tags, desired AS Desired, reported AS Reported FROM twins
            WHERE hub = @Hub AND (device_id, module_id) > (@Device, @Module) AND (device_id, module_id) <= (@LastDevice, @LastModule)
            """,
            new { Hub = hub.Value, after.Device, after.Module, LastDevice = last, LastModule = lastModule },
            cancellationToken: cancellationToken));
        var byGeneration = twins.ToDictionary(twin => (twin.DeviceId, twin.ModuleId, twin.GenerationId));
        return [.. identities.Select(row => (row, byGeneration.GetValueOrDefault((row.DeviceId, row.ModuleId, row.GenerationId))))];
    }
}

/// <summary>A twin as an export reads it.</summary>
internal sealed record ExportedTwin
{
    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public long Etag { get; init; }

    public string Tags { get; init; } = "";

    public string Desired { get; init; } = "";

    public string Reported { get; init; } = "";
}
