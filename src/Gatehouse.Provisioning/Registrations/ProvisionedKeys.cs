using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>Devices of a hub that came through a registration: their credentials there are those of the enrollment.</summary>
internal sealed class ProvisionedKeys(Database database) : IProvisionedKeys
{
    public async Task<IReadOnlyDictionary<string, string>> FindAsync(HubName hub, IReadOnlyList<string> devices, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(
            (connection, cancel) => connection.QueryAsync<Found>(new CommandDefinition(
                $"""
                SELECT device_id AS DeviceId, service AS Service, MIN(enrollment_id) AS Enrollment FROM registrations
                WHERE (service, host_name) IN (SELECT service, host_name FROM linked_hubs WHERE hub = @hub) AND device_id {database.Dialect.AnyOf("@devices")} AND status = @assigned
                GROUP BY device_id, service ORDER BY device_id, service
                """,
                new { hub = hub.Value, devices = devices.ToArray(), assigned = (long)RegistrationStatus.Assigned },
                cancellationToken: cancel)),
            cancellationToken);
        return found.DistinctBy(static each => each.DeviceId).ToDictionary(static each => each.DeviceId, static each => $"the enrollment '{each.Enrollment}' of the provisioning service '{each.Service}'", StringComparer.Ordinal);
    }

    private sealed class Found
    {
        public string DeviceId { get; init; } = "";

        public string Service { get; init; } = "";

        public string Enrollment { get; init; } = "";
    }
}
