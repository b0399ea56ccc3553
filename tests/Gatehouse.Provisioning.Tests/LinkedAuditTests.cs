using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Audit;
using Gatehouse.Store.Refusals;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Operators of a hub read what its provisioning services recorded: <c>gatehouse audit list</c> and <c>gatehouse why</c> ask the hub.</summary>
public sealed class LinkedAuditTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_of_a_linked_service_stand_among_the_hubs_in_their_order_and_page_by_page()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var made = await host.EnrollAsync("dev-1", """ "attestation":{"type":"symmetricKey"} """);
        await host.RegisterAsync("dev-1", made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>());
        var trail = host.Get<AuditTrail>();

        var all = await trail.ReadAsync(host.Hub.Name, 0, AuditTrail.MaxPage, Token);

        Assert.Equal(all.Select(item => item.Sequence).Order(), all.Select(item => item.Sequence));
        Assert.Equal(["enrollment.create", "device.create", "registration.assign"], all.Where(item => item.Subject == "dev-1").Select(item => item.Action));
        var paged = new List<AuditItem>();
        while (await trail.ReadAsync(host.Hub.Name, paged.Count == 0 ? 0 : paged[^1].Sequence, 3, Token) is { Count: > 0 } page)
        {
            Assert.True(page.Count <= 3);
            paged.AddRange(page);
        }

        Assert.Equal(all, paged);
        Assert.Empty(await trail.ReadAsync(HubName.Parse("stranger"), 0, 10, Token));
    }

    [Fact]
    public async Task Refusals_of_a_linked_service_are_found_by_the_id_and_name_the_service()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var log = host.Get<RefusalLog>();
        foreach (var (hub, claimed) in new[] { (host.Instance.Name, "dev-1"), (host.Hub.Name, "dev-1"), (host.Instance.Name, "dev-2") })
        {
            log.Report(new Refusal { Hub = hub.Value, Claimed = claimed, Reason = RefusalReason.TokenSignatureWrong, Error = ProvisioningErrors.Unauthorized, Detail = "x", Protocol = "https" });
        }

        await log.DisposeAsync();
        var trail = host.Get<AuditTrail>();

        var found = await trail.ReadRefusalsAsync(host.Hub.Name, "dev-1", 10, Token);
        Assert.Equal([null, host.Instance.Name.Value], found.Select(item => item.Service));
        Assert.Equal(3, (await trail.ReadRefusalsAsync(host.Hub.Name, null, 10, Token)).Count);
        Assert.Equal("dev-2", Assert.Single(await trail.ReadRefusalsAsync(host.Hub.Name, null, 1, Token)).Identity);
        Assert.Empty(await trail.ReadRefusalsAsync(HubName.Parse("stranger"), null, 10, Token));
    }
}
