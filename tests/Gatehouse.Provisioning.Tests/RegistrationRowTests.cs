using Dapper;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>What a registration asks of a table that may have millions of rows.</summary>
public sealed class RegistrationRowTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RegistrationRows.SelectOther)]
    [InlineData(RegistrationRows.SelectOwner)]
    public async Task Who_else_has_a_device_is_found_by_the_device_and_not_by_going_through_all_registrations(string sql)
    {
        await using var host = await ProvisioningHost.StartAsync();

        var steps = await host.Get<Database>().ReadAsync(
            async (connection, token) => (await connection.QueryAsync<Step>(new CommandDefinition(
                $"EXPLAIN QUERY PLAN {sql}", new { Service = "s", HostName = "h", DeviceId = "d", Id = "i" }, cancellationToken: token))).AsList(),
            Token);

        Assert.Contains(steps, step => step.Detail.Contains("registrations_device (service=? AND host_name=? AND device_id=?)", StringComparison.Ordinal));
    }

    private sealed class Step
    {
        public string Detail { get; init; } = "";
    }
}
