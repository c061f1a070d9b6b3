-- How many offers of each log are live is asked at every look at the peers: answered from the index alone.
create index offer_live on offer (log, exp);
