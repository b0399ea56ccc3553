using System.Net;
using CsCheck;
using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Identity.Tests;

public sealed class RefusalBackoffTests
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress There = IPAddress.Parse("192.0.2.2");
    private static readonly IdentityKey Dev1 = MemoryCredentials.Identity("dev1");
    private static readonly IdentityKey Dev2 = MemoryCredentials.Identity("dev2");

    // The window begins on a whole one, so that a test knows where in it it stands.
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
    private readonly BackoffOptions options = new() { RefusalsPerIdentity = 5, RefusalsPerAddress = 20, Entries = 64 };
    private readonly RefusalBackoff backoff;

    public RefusalBackoffTests() => backoff = new RefusalBackoff(options, time);

    [Fact]
    public void An_identity_is_put_off_at_its_bound_and_not_one_before()
    {
        Refuse(Here, Dev1, 4);
        Assert.False(backoff.IsBackedOff(Here, Dev1));

        Refuse(Here, Dev1, 1);

        Assert.True(backoff.IsBackedOff(Here, Dev1));
        Assert.False(backoff.IsBackedOff(Here));
    }

    [Fact]
    public void Another_identity_there_and_the_same_elsewhere_are_not_put_off()
    {
        Refuse(Here, Dev1, 5);

        Assert.False(backoff.IsBackedOff(Here, Dev2));
        Assert.False(backoff.IsBackedOff(There, Dev1));
    }

    [Fact]
    public void An_address_is_put_off_at_its_bound_whoever_it_claims_to_be()
    {
        for (var i = 0; i < 19; i++)
        {
            backoff.Refused(Here, MemoryCredentials.Identity($"guess{i}"));
        }

        Assert.False(backoff.IsBackedOff(Here));

        backoff.Refused(Here, null);

        Assert.True(backoff.IsBackedOff(Here));
        Assert.True(backoff.IsBackedOff(Here, Dev1));
        Assert.False(backoff.IsBackedOff(There, Dev1));
    }

    [Fact]
    public void A_good_proof_forgets_what_the_identity_did_and_not_what_the_address_did()
    {
        Refuse(Here, Dev1, 19);

        backoff.Accepted(Here, Dev1);

        Assert.False(backoff.IsBackedOff(Here, Dev1));
        Refuse(Here, Dev2, 1);
        Assert.True(backoff.IsBackedOff(Here));
    }

    [Fact]
    public void Refusals_fade_out_over_the_next_window()
    {
        Refuse(Here, Dev1, 10);
        time.Advance(options.Window);
        Assert.True(backoff.IsBackedOff(Here, Dev1));

        time.Advance(options.Window / 2);
        Assert.True(backoff.IsBackedOff(Here, Dev1));

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(backoff.IsBackedOff(Here, Dev1));
    }

    [Fact]
    public void Two_windows_later_nothing_is_held_against_anyone()
    {
        Refuse(Here, Dev1, 1000);

        time.Advance(2 * options.Window);

        Assert.False(backoff.IsBackedOff(Here, Dev1));
        Assert.False(backoff.IsBackedOff(Here));
    }

    [Fact]
    public void An_IPv6_peer_is_its_64_bit_network_and_a_mapped_address_is_its_IPv4()
    {
        Refuse(IPAddress.Parse("2001:db8::1"), Dev1, 5);
        Refuse(Here.MapToIPv6(), Dev2, 5);

        Assert.True(backoff.IsBackedOff(IPAddress.Parse("2001:db8::ffff:1"), Dev1));
        Assert.False(backoff.IsBackedOff(IPAddress.Parse("2001:db8:0:1::1"), Dev1));
        Assert.True(backoff.IsBackedOff(Here, Dev2));
    }

    [Fact]
    public void Strangers_do_not_flush_a_persistent_one()
    {
        Refuse(Here, Dev1, 15);

        // A hundred times as many addresses as the table has entries, each refused once.
        for (var i = 0; i < 6400; i++)
        {
            backoff.Refused(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), null);
        }

        Assert.True(backoff.IsBackedOff(Here, Dev1));
    }

    [Fact]
    public void An_address_that_rested_for_a_window_begins_anew() => Gen.Int[0, 119].Select(Gen.Int[1, 4]).Sample((seconds, count) =>
    {
        var clock = new FakeTimeProvider(time.GetUtcNow().AddSeconds(seconds));
        var fresh = new RefusalBackoff(options, clock);
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < count; i++)
            {
                fresh.Refused(Here, Dev1);
            }

            clock.Advance(2 * options.Window);
        }

        return !fresh.IsBackedOff(Here, Dev1);
    });

    [Theory]
    [InlineData(63)]
    [InlineData(2)]
    [InlineData(0)]
    public void A_table_of_an_impossible_size_is_refused(int entries) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RefusalBackoff(options with { Entries = entries }, time));

    [Fact]
    public void A_window_below_a_second_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RefusalBackoff(options with { Window = TimeSpan.FromMilliseconds(999) }, time));

    [Fact]
    public void Counting_from_many_threads_loses_nothing()
    {
        var many = new RefusalBackoff(options with { RefusalsPerIdentity = 8000, RefusalsPerAddress = 8001 }, time);

        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 1000; i++)
            {
                many.Refused(Here, Dev1);
            }
        });

        Assert.True(many.IsBackedOff(Here, Dev1));
        Assert.False(many.IsBackedOff(Here));
    }

    private void Refuse(IPAddress address, IdentityKey identity, int times)
    {
        for (; times > 0; times--)
        {
            backoff.Refused(address, identity);
        }
    }
}
